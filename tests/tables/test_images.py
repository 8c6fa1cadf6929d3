"""Tables of single images, with a made-up paper."""

import csv
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from resolute.core.errors import ResoluteError
from resolute.published.results import read_results
from resolute.report.published import published
from resolute.tables import make_tables

Write = Callable[..., Path]
FIGURES = "source,table,method,weights,dataset,scale,image,protocol,metric,value,unit\n"
PRINTED = {
    "rlfn_team04": {"0801": "29.500000", "0802": "35.250000"},
    "rfdn_baseline": {"0801": "28.000000", "0802": "34.000000"},
}
COLUMN = {"key": "psnr", "header": "PSNR", "unit": "dB", "digits": 6, "match": {"metric": "psnr"}}


def spec(**changes: object) -> str:
    facts = {
        "title": "Each image",
        "caption": "Made up.",
        "source": {"citation": "Nobody", "year": 2026},
        "weights": "published",
        "match": {"scale": 4, "dataset": "div2k_val", "protocol": "ntire2022"},
        "images": ["0801", "0802"],
        "labels": ["Network"],
        "columns": [COLUMN],
        "groups": [{"title": "All", "rows": [{"method": name, "labels": [name.upper()]} for name in PRINTED]}],
    }
    return yaml.safe_dump(facts | changes)


@pytest.fixture
def paper(project: Path) -> Path:
    """A project with a made-up paper alone."""
    for other in (project / "data/published").glob("*/"):
        shutil.rmtree(other)
    folder = project / "data/published/made_up"
    folder.mkdir()
    lines = [
        f"made_up,each,{method},paper,div2k_val,4,{image},ntire2022,psnr,{value},dB\n"
        for method, values in PRINTED.items()
        for image, value in values.items()
    ]
    (folder / "each.csv").write_text(FIGURES + "".join(lines))
    (folder / "each.yaml").write_text(spec())
    return folder


def measured(write: Write, weights: str = "published-ntire2022", **values: float) -> Path:
    """RLFN's PSNR of some images (`x<name>`), and by another protocol 2 dB more."""
    rows = [
        {"image": name.removeprefix("x"), "protocol": protocol, "value": value + more}
        for name, value in values.items()
        for protocol, more in (("ntire2022", 0), ("y_basicsr", 2))
    ]
    described = {"metric": "psnr", "unit": "dB", "dataset": "div2k_val", "device": "A CPU"}
    return write(rows, method="rlfn_team04", weights=weights, **described)


def test_every_image_is_judged_and_the_table_says_which_is_furthest_off(write: Write, paper: Path) -> None:
    files = [measured(write, x0801=29.509, x0802=35.3, x0803=20.0), measured(write, "own-theirs", x0801=29.0)]
    make_tables(files, "ntire2022")
    found = {(row["method"], row["image"]): row for row in read_results(Path("reports/results.parquet"))}
    assert len(found) == 4
    assert [found["rlfn_team04", image]["verdict"] for image in ("0801", "0802")] == ["reproduced", "differs"]
    assert found["rlfn_team04", "0802"]["row"] == "rlfn_team04 image=0802"
    assert found["rlfn_team04", "0802"]["measured_value"] == 35.3
    assert {found["rfdn_baseline", image]["verdict"] for image in ("0801", "0802")} == {"not run"}
    folder = Path("reports/tables/made_up")
    shown = (folder / "each.md").read_text().splitlines()
    assert r"| RLFN\_TEAM04 | 1 reproduced, 1 differs | 32.375000 | 32.404500 | +0.0500000 | 0802 |" in shown
    assert r"| RFDN\_BASELINE | 2 not run | 31.000000 |  |  |  |" in shown
    assert "1 <span" in (folder / "each.html").read_text() and "+0.0500000 & 0802" in (folder / "each.tex").read_text()
    with (folder / "each.csv").open(newline="") as file:
        lines = {(row["method"], row["Image"]): row["psnr_verdict"] for row in csv.DictReader(file)}
    assert lines["rlfn_team04", "0802"] == "differs" and len(lines) == 4


def test_the_report_names_one_image_of_those_that_differ(write: Write, paper: Path) -> None:
    make_tables([measured(write, x0801=29.6, x0802=35.0)], "ntire2022")
    (table,) = published([Path("reports/tables/made_up/each.html")], read_results(Path("reports/results.parquet")))
    (told,) = table.disagreements
    assert (told.column, told.here) == ("PSNR of 0802, the furthest off of 2 images,", "35.000000 dB")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"images": ["0801"]}, "images: no row for the image '0802' of each.csv"),
        ({"images": ["0801", "0802"], "columns": [COLUMN, {**COLUMN, "key": "again"}]}, "has one, not 2"),
    ],
)
def test_what_would_be_lost_is_refused(paper: Path, changes: dict[str, object], message: str) -> None:
    (paper / "each.yaml").write_text(spec(**changes))
    with pytest.raises(ResoluteError, match=message):
        make_tables([], "ntire2022")

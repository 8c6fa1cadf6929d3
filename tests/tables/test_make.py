"""The stage as a whole: what it writes, in every format, for tables that it has never seen."""

import csv
import html
import html.parser
import io
import json
import re
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml

from resolute.core.errors import ResoluteError
from resolute.published import table_files
from resolute.tables import make_tables

Write = Callable[..., Path]

HOSTILE = "<script>alert(\"1\")</script> | $x_{1}$ & \\textbf{50%} #~^ [a](b) `c` *d* 'e'"
SPEC = {
    "title": HOSTILE,
    "caption": "Two methods.",
    "source": {"citation": HOSTILE, "year": 2024},
    "weights": "published-tag",
    "match": {"scale": 2},
    "labels": ["Method"],
    "columns": [
        {"key": "psnr", "header": "PSNR", "unit": "dB", "digits": 2, "match": {"metric": "psnr"}},
        {"key": "params", "header": "Params", "unit": "K", "digits": 0, "match": {"metric": "params"}},
    ],
    "groups": [
        {"title": "All", "rows": [
            {"method": HOSTILE, "labels": [HOSTILE], "note": HOSTILE},
            {"method": "bicubic", "labels": ["Bicubic"]},
        ]},
    ],
}  # fmt: skip


@pytest.fixture
def hostile(project: Path, challenge_alone: None, write: Write) -> list[Path]:
    """A paper that is there by two files alone, and measurements of its first method."""
    folder = project / "data/published/hostile"
    folder.mkdir()
    (folder / "table1.yaml").write_text(yaml.safe_dump(SPEC))
    with (folder / "table1.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, ["method", "scale", "dataset", "metric", "value", "unit"])
        writer.writeheader()
        psnr = {"method": HOSTILE, "scale": 2, "dataset": "set5", "metric": "psnr", "unit": "dB"}
        writer.writerow({**psnr, "value": "33.10"})
        writer.writerow({"method": HOSTILE, "scale": 2, "metric": "params", "value": "12", "unit": "K"})
        writer.writerow({**psnr, "method": "bicubic", "value": "30.00"})
    row = {"metric": "psnr", "unit": "dB", "dataset": "set5", "image": "baby", "value": 33.0, "scale": 2.0}
    return [write([row], method=HOSTILE, weights="published-tag", protocol="y_basicsr")]


def read(paper: str, form: str) -> str:
    return Path(f"reports/tables/{paper}/table1.{form}").read_text(encoding="utf-8")


def test_a_new_table_is_two_files(hostile: list[Path]) -> None:
    make_tables(hostile, "y_basicsr")
    rows = list(csv.DictReader(io.StringIO(read("hostile", "csv"))))
    assert rows[0]["Method"] == rows[0]["method"] == HOSTILE
    assert rows[0]["psnr_paper"] == "33.10"
    assert float(rows[0]["psnr_difference"]) == pytest.approx(-0.1)
    assert [row["psnr_verdict"] for row in rows] == ["differs", "not run"]
    assert [row["params_verdict"] for row in rows] == ["cannot be measured", ""]


def test_html_shows_hostile_names_harmlessly(hostile: list[Path]) -> None:
    make_tables(hostile, "y_basicsr")
    page = read("hostile", "html")
    assert page.isascii()

    class Page(html.parser.HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.tags: set[str] = set()
            self.text = ""

        def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
            self.tags.add(tag)
            assert {name for name, _ in attributes} <= {
                "class", "title", "scope", "colspan", "open", "role", "aria-label", "tabindex", "href", "id"
            }  # fmt: skip

        def handle_data(self, data: str) -> None:
            self.text += data

    parser = Page()
    parser.feed(page)
    assert "script" not in parser.tags
    assert HOSTILE in parser.text


@pytest.mark.slow
def test_every_header_cell_says_what_it_heads(official_counts: list[Path]) -> None:
    make_tables(official_counts, "y_basicsr")
    page = read("ntire2022", "html")
    headers = re.findall(r"<th\b[^>]*>", page)
    assert len(headers) == 13 + 3 + 45
    assert all("scope=" in header for header in headers)
    assert page.count('class="verdict reproduced"') == 1 + 42 * 4 - 1


@pytest.mark.slow
def test_reasons_are_told_once_each_and_referred_to_by_number(official_counts: list[Path]) -> None:
    make_tables(official_counts, "y_basicsr")
    page = read("ntire2022", "html")
    told = dict(re.findall(r'<li id="([^"]+)"><b>([^<]+)</b>', page))
    assert set(re.findall(r'<a href="#([^"]+)"', page)) == set(told)
    rows = csv.DictReader(io.StringIO(read("ntire2022", "csv")))
    judged = [(row[key], row[key.replace("verdict", "reason")]) for row in rows for key in row if "_verdict" in key]
    expected = {pair for pair in judged if pair[0] not in ("", "reproduced", "not run")}
    assert len(told) == len(expected) == 4
    for verdict, reason in expected:
        assert f"<b>{verdict}</b>: {reason}" in html.unescape(page)
    assert 'class="verdict explained">explained</span><sup><a href="#ntire2022-table1-reason-' in page


@pytest.mark.slow
def test_latex_leaves_out_what_is_only_repeated(official_counts: list[Path]) -> None:
    make_tables(official_counts, "y_basicsr")
    page = read("ntire2022", "tex")
    assert "19.70\\textsuperscript{R}" in "".join(page.split())
    assert "9.50{\\textrightarrow}2.02(\\textminus{}7.48)\\textsuperscript{E}" in "".join(page.split())


@pytest.mark.slow
def test_markdown_rows_have_equally_many_cells(hostile: list[Path], official_counts: list[Path]) -> None:
    make_tables(hostile + official_counts, "y_basicsr")
    for paper, rows in (("ntire2022", 45), ("hostile", 2)):
        lines = [line for line in read(paper, "md").splitlines() if line.startswith("|")]
        cells = [len(re.findall(r"(?<!\\)\|", line)) for line in lines]
        assert len(lines) == rows + 2
        assert len(set(cells)) == 1
    assert "<script" not in read("hostile", "md")
    assert "19.70 → 19.70 (0.00) ✓" in read("ntire2022", "md")
    assert "9.50 → 2.02 (\N{MINUS SIGN}7.48) ⓘ" in read("ntire2022", "md")


@pytest.mark.slow
def test_equal_measurements_make_equal_bytes(hostile: list[Path], official_counts: list[Path]) -> None:
    def made() -> dict[Path, bytes]:
        make_tables(hostile + official_counts, "y_basicsr")
        return {path: path.read_bytes() for path in Path("reports").rglob("*.*") if "measurements" not in path.parts}

    first = made()
    assert {path.relative_to("reports").as_posix() for path in first} == {
        *(path.relative_to(Path("reports").absolute()).as_posix() for path in table_files()),
        "metrics.json",
        "psnr_macs.csv",
        "results.parquet",
    }
    assert made() == first


@pytest.mark.slow
def test_metrics_are_counts_mean_psnrs_and_verdicts(hostile: list[Path], official_counts: list[Path]) -> None:
    make_tables(hostile + official_counts, "y_basicsr")
    metrics = json.loads(Path("reports/metrics.json").read_text())
    assert metrics["psnr"] == {f"{HOSTILE}/x2/published-tag": {"set5": 33.0}}
    assert metrics["counts"]["rlfn_team04/x4"] == {"params": 317218}
    assert metrics["verdicts"]["ntire2022"]["table1"]["explained"] == 1
    assert metrics["verdicts"]["hostile"]["table1"]["differs"] == 1


@pytest.mark.slow
def test_overviews_have_each_cost_once_at_the_size_of_the_parameters(write: Write) -> None:
    costs = [
        {"metric": "macs", "lr_size": "320x180", "value": 11.7e9},
        {"metric": "macs", "lr_size": "256x256", "value": 13.3e9},
        {"metric": "params", "lr_size": "256x256", "value": 231_804},
    ]
    psnr = {"metric": "psnr", "protocol": "y_basicsr", "dataset": "set5", "image": "a", "value": 32.0}
    make_tables([write(costs, method="m"), write([psnr], method="m", weights="quick-seed0")], "y_basicsr")
    assert json.loads(Path("reports/metrics.json").read_text())["counts"] == {
        "m/x4": {"macs": 13_300_000_000, "params": 231_804}
    }
    (row,) = csv.DictReader(io.StringIO(Path("reports/psnr_macs.csv").read_text()))
    assert row["macs_g"] == "13.3"


@pytest.mark.slow
def test_two_settings_of_a_run_stand_side_by_side_each_with_its_own_cost(write: Write) -> None:
    facts = {"dataset": "set5", "image": "a"}
    quality = [
        {**facts, **row, "setting": setting}
        for setting, psnr, macs in (("fast", 31.0, 4e9), ("full", 32.0, 8e9))
        for row in (
            {"metric": "psnr", "protocol": "y_basicsr", "value": psnr, "unit": "dB"},
            {"metric": "macs", "protocol": "macs", "value": macs},
            {"metric": "macs_full", "protocol": "macs", "value": 8e9},
        )
    ]
    cost = [{"metric": "macs", "protocol": "macs", "lr_size": "256x256", "value": 100e9}]
    make_tables([write(quality, method="m", weights="quick-seed0"), write(cost, method="m")], "y_basicsr")
    assert json.loads(Path("reports/metrics.json").read_text())["psnr"] == {
        "m/x4/quick-seed0/fast": {"set5": 31.0},
        "m/x4/quick-seed0/full": {"set5": 32.0},
    }
    rows = list(csv.DictReader(io.StringIO(Path("reports/psnr_macs.csv").read_text())))
    assert [(row["setting"], row["psnr_db"], row["macs_g"]) for row in rows] == [
        ("fast", "31.0", "50.0"),
        ("full", "32.0", "100.0"),
    ]


@pytest.mark.slow
def test_the_tradeoff_has_every_run_whose_cost_is_known(write: Write) -> None:
    psnr = {"metric": "psnr", "unit": "dB", "protocol": "y_basicsr", "dataset": "set5"}
    rows = [{**psnr, "image": "a", "value": 30.0}, {**psnr, "image": "b", "value": 32.0}]
    quality = [write(rows, method=name, weights="quick-seed0") for name in ("known", "unknown")]
    cost = write([{"metric": "macs", "value": 2.5e9}], method="known")
    make_tables([*quality, cost], "y_basicsr")
    assert list(csv.DictReader(io.StringIO(Path("reports/psnr_macs.csv").read_text()))) == [
        {
            "method": "known",
            "scale": "4.0",
            "weights": "quick-seed0",
            "dataset": "set5",
            "macs_g": "2.5",
            "psnr_db": "31.0",
        }
    ]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("values", "verdict", "shown", "note"),
    [
        ((float("inf"), float("inf")), "cannot be measured", "", "2 images that equal their originals are"),
        ((33.1, float("inf")), "reproduced", "33.10", "1 image that equals its original is"),
    ],
)
def test_equal_images_are_null_and_counted_in_every_file(
    values: tuple[float, ...], verdict: str, shown: str, note: str, hostile: list[Path], write: Write
) -> None:
    row = {"metric": "psnr", "unit": "dB", "dataset": "set5", "scale": 2.0, "protocol": "y_basicsr"}
    rows = [{**row, "image": str(number), "value": value} for number, value in enumerate(values)]
    cost = write([{"metric": "macs", "value": 2.5e9, "scale": 2.0}], method=HOSTILE)
    files = [write(rows, method=HOSTILE, weights="published-tag"), cost]
    make_tables(files, "y_basicsr")
    equal = sum(value == float("inf") for value in values)
    run = f"{HOSTILE}/x2/published-tag"
    metrics = json.loads(Path("reports/metrics.json").read_text(), parse_constant=pytest.fail)
    assert metrics["psnr"][run] == {"set5": float(shown) if shown else None}
    assert metrics["equal_images"] == {run: {"set5": equal}}
    (plotted,) = csv.DictReader(io.StringIO(Path("reports/psnr_macs.csv").read_text()))
    assert (plotted["psnr_db"], plotted["equal_images"]) == (shown.rstrip("0"), str(equal))
    (first, *_) = csv.DictReader(io.StringIO(read("hostile", "csv")))
    assert (first["psnr_verdict"], first["psnr_equal_images"]) == (verdict, str(equal))
    assert first["psnr_measured"] == (f"{float(shown):.6f}" if shown else "")
    assert first["status"] == "measured here"
    cell = next(one for one in pq.read_table("reports/results.parquet").to_pylist() if one["paper"] == "hostile")
    assert (cell["measured_value"], cell["equal_images"]) == (float(shown) if shown else None, equal)
    for form in ("md", "tex", "html"):
        assert f"{note} left out of the mean" in read("hostile", form)
    assert not re.search(r"\b(nan|inf)\b", read("hostile", "csv") + read("hostile", "html"))


def test_an_absent_measurement_is_one_clear_line_and_nothing_is_written(project: Path) -> None:
    absent = project / "reports/measurements/cost/rlfn_team04/x4.parquet"
    with pytest.raises(ResoluteError, match=r"cost/rlfn_team04/x4\.parquet is not there: `snakemake"):
        make_tables([absent], "y_basicsr")
    assert not Path("reports").exists()

"""What the page says of the published tables, from what the stage `tables` writes."""

from pathlib import Path
from typing import Any

import pytest
from tests.report.conftest import cell

from resolute.core.errors import ResoluteError
from resolute.published.results import read_results, write_results
from resolute.report.published import Published, published

SPEC = """
title: A <table>
caption: What it shows.
source: {citation: "A paper, Table 1", year: 2024}
weights: published
labels: [Rank, Team, Network]
columns:
  - {key: psnr, header: PSNR, unit: dB, digits: 2, match: {metric: psnr, dataset: set5, protocol: y_basicsr}}
  - {key: time, header: Time, unit: ms, digits: 1, match: {metric: runtime}}
  - {key: rank, header: Rank, digits: 0, match: {metric: rank}, published_only: true}
groups:
  - title: All
    rows:
      - {method: a, labels: ["1", "", A]}
      - {method: b, labels: ["2", "", B]}
      - {method: bsrn, labels: ["3", XPixel, C]}
      - {method: d, labels: ["-", "", D]}
"""


def psnr(method: str, verdict: str, paper: float, **columns: Any) -> dict[str, Any]:
    named = {"paper": "paper", "table": "table", "column": "psnr", "unit": "dB"}
    return cell(**named, method=method, row=method, verdict=verdict, paper_value=paper, **columns)


CELLS = [
    psnr("a", "reproduced", 30.0, measured_value=30.001, why="within 0.01"),
    psnr("b", "explained", 31.0, measured_value=30.504, why="its LR images are others"),
    psnr("bsrn", "differs", 32.0, trained_value=31.0, why="not within 0.01"),
    psnr("d", "explained", 33.0, measured_value=33.004, trained_value=20.0, why="rounded twice"),
]


@pytest.fixture
def fragment(project: Path) -> Path:
    folder = project / "data/published/paper"
    folder.mkdir(parents=True)
    (folder / "table.yaml").write_text(SPEC)
    return project / "reports/tables/paper/table.html"


def test_what_does_not_hold_is_listed_with_its_reason(fragment: Path, project: Path) -> None:
    write_results(project / "reports/results.parquet", [*CELLS, psnr("a", "not run", 1.0), psnr("a", "", 1.0)])
    (table,) = published([fragment], read_results(project / "reports/results.parquet"))
    assert table.judged == 4
    assert sum(table.counts.values()) == 5  # what is shown as printed has no verdict
    assert table.is_measured
    assert [(one.verdict, one.network, one.paper, one.here) for one in table.disagreements] == [
        ("differs", "BSRN (XPixel)", "32.00 dB", "31.00 dB"),
        ("explained", "b", "31.00 dB", "30.50 dB"),
        ("explained", "d (-)", "33.00 dB", "33.004 dB"),
    ]
    assert [one.reason for one in table.disagreements[1:]] == ["its LR images are others", "rounded twice"]


def test_a_table_without_measurements_is_known_as_one(fragment: Path) -> None:
    (table,) = published([fragment], [psnr("a", "cannot be measured", 30.0), psnr("b", "not run", 31.0)])
    assert (table.is_measured, table.source) == (False, "A paper")


@pytest.mark.parametrize(
    ("citation", "paper"),
    [
        ("A paper, Table 2, and the papers that it compares with", "A paper"),
        ("ARM (ECCV 2022), Tables 1 and 2", "ARM (ECCV 2022)"),
        ("B, as A (2022, Tables 1 and 2) prints it", "B, as A (2022, Tables 1 and 2) prints it"),
        ("B, as A (2024, Table 1) prints it", "B, as A (2024, Table 1) prints it"),
    ],
)
def test_a_paper_is_its_citation_without_the_number_of_its_own_table(citation: str, paper: str) -> None:
    assert Published("paper", "table", "published", "", "", citation, {}, ()).source == paper


def test_what_has_no_cells_is_left_out(fragment: Path) -> None:
    assert published([fragment], []) == []


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"verdict": "held"}, "'held' is not a valid Verdict"),
        ({"digits": 10**6}, "a cell has 1000000 digits"),
        ({"measured_value": None, "verdict": "differs"}, "is damaged"),
        ({"measured_value": float("nan"), "verdict": "differs"}, "no finite values"),
    ],
)
def test_cells_that_no_table_has_are_refused(project: Path, wrong: dict[str, Any], said: str) -> None:
    path = project / "reports/results.parquet"
    write_results(path, [{**CELLS[0], **wrong}])
    with pytest.raises(ResoluteError, match=said):
        read_results(path)


def test_cells_that_fit_no_specification_are_refused(fragment: Path) -> None:
    with pytest.raises(ResoluteError, match=r"results.parquet is damaged .*'nobody'.*: remove it, and `snakemake"):
        published([fragment], [psnr("nobody", "differs", 30.0, measured_value=31.0)])

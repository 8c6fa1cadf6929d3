"""What the page says first of the published tables: how many of which figures hold, and what measures the others."""

import re
from pathlib import Path

import pytest
from tests.report.conftest import judged

from resolute.published.results import write_results
from resolute.report import make_report

VERDICTS = {"table1": {"reproduced": 11, "explained": 1}, "official_code": {"reproduced": 6, "differs": 1}}


@pytest.fixture
def text(project: Path) -> str:
    """The words of the page, on one line."""
    folder = project / "reports/tables/ntire2022"
    folder.mkdir(parents=True, exist_ok=True)
    for name in VERDICTS:
        (folder / f"{name}.html").write_text("<p>fragment</p>")
    cells = [cell for name, counts in VERDICTS.items() for cell in judged(name, **counts)]
    write_results(project / "reports/results.parquet", cells)
    params = {
        "preset": "quick",
        "seeds": [0],
        "methods": {"trained": []},
        "data": {"test": []},
        "figures": {"protocol": "y_basicsr"},
    }
    make_report(params, [], sorted(folder.glob("*.html")), [])
    page = (project / "reports/index.html").read_text(encoding="utf-8")
    short = page[page.index('<section id="short">') : page.index('<section id="quality">')]
    return " ".join(re.sub(r"<[^>]+>", " ", short).split())


def test_outputs_of_official_code_are_counted_apart(text: str) -> None:
    assert "11 of 12 published figures that this run could check are reproduced; 1 explained" in text
    assert "6 of 7 outputs of the official code that this run could check are equal; 1 not reproduced" in text
    assert "Table 1 12 of 21 published figures checked" in text
    assert "official code 7 of 16 outputs of the official code checked" in text


def test_what_is_not_run_names_the_preset_that_measures_it(text: str) -> None:
    assert "no part of this run: make run PRESET=bench measures the tables of ntire2022, on the data sets" in text

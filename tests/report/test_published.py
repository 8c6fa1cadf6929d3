"""What the page says of the published tables, from what the stage `tables` writes."""

from pathlib import Path

import pytest

from resolute.report.published import published

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
  - {title: All, rows: [{method: a, labels: ["1", "", A]}]}
"""
HEADER = "psnr_paper,psnr_measured,psnr_trained,psnr_difference,psnr_verdict,psnr_reason"
TABLE = f"""group,method,Rank,Team,Network,status,{HEADER}
All,a,1,,A,measured here,30.00,30.001,,0.001,reproduced,within 0.01
All,b,2,,B,measured here,31.00,30.504000,,-0.50,explained,its LR images are others
All,bsrn,3,XPixel,C,measured here,32.00,,31.000000,-1.00,differs,not within 0.01
All,d,-,,D,measured here,33.00,33.004000,,0.004,explained,rounded twice
"""


@pytest.fixture
def fragment(project: Path) -> Path:
    folder = project / "data/published/paper"
    folder.mkdir(parents=True)
    (folder / "table.yaml").write_text(SPEC)
    tables = project / "reports/tables/paper"
    tables.mkdir(parents=True)
    (tables / "table.csv").write_text(TABLE)
    return tables / "table.html"


def test_what_does_not_hold_is_listed_with_its_reason(fragment: Path) -> None:
    counts = {"reproduced": 1, "explained": 1, "differs": 1, "not run": 7}
    (table,) = published([fragment], {"paper": {"table": counts}})
    assert table.judged == 3
    assert table.is_measured
    assert [(one.verdict, one.network, one.paper, one.here) for one in table.disagreements] == [
        ("differs", "BSRN (XPixel)", "32.00 dB", "31.00 dB"),
        ("explained", "b", "31.00 dB", "30.50 dB"),
        ("explained", "d (-)", "33.00 dB", "33.004 dB"),
    ]
    assert [one.reason for one in table.disagreements[1:]] == ["its LR images are others", "rounded twice"]


def test_a_table_without_measurements_is_known_as_one(fragment: Path) -> None:
    (table,) = published([fragment], {"paper": {"table": {"cannot be measured": 3, "not run": 7}}})
    assert (table.is_measured, table.source) == (False, "A paper")


def test_a_table_that_nobody_judged_is_left_out(fragment: Path) -> None:
    assert published([fragment], {}) == []

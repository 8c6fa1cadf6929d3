"""What the page says of the published tables, from what the stage `tables` writes."""

from pathlib import Path

import pytest

from resolute.report.published import published

SPEC = """
title: A <table>
source: {citation: A paper}
labels: [Network]
columns:
  - {key: psnr, header: PSNR, unit: dB, digits: 2, match: {metric: psnr, dataset: set5, protocol: y_basicsr}}
  - {key: time, header: Time, unit: ms, digits: 1, match: {metric: runtime}}
  - {key: rank, header: Rank, digits: 0, match: {metric: rank}, published_only: true}
"""
TABLE = """group,method,Network,status,psnr_paper,psnr_measured,psnr_trained,psnr_difference,psnr_verdict,psnr_reason
All,a,A,measured here,30.00,30.001,,0.001,reproduced,within 0.01
All,b,B,measured here,31.00,30.50,,-0.50,explained,its LR images are others
All,c,C,measured here,32.00,,31.00,-1.00,differs,not within 0.01
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
    first, second = table.disagreements
    assert (first.verdict, first.label, first.paper, first.here) == ("differs", "C", "32.00", "31.00")
    assert (second.verdict, second.here, second.reason) == ("explained", "30.50", "its LR images are others")


def test_a_table_that_nobody_judged_is_left_out(fragment: Path) -> None:
    assert published([fragment], {}) == []

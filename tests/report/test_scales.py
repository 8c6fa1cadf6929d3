"""The slider over scales: what methods of every scale reach and cost at each scale."""

import re
from collections.abc import Callable
from typing import Any

from tests.report.conftest import RUNS, Page, quality

from resolute import measurements
from resolute.pages.cost import cost_rows
from resolute.report.quality import quality_tables
from resolute.report.scales import Reached, scale_panels


def spent(scale: float, macs: float) -> list[dict[str, Any]]:
    row = {"source": "measured", "method": "liif_tiny", "scale": scale, "lr_size": "256x256"}
    return [{**row, "metric": "macs", "protocol": "macs", "value": macs}]


ROWS = [
    *(row for scale in (2.0, 3.7, 6.0) for row in quality("bicubic", "published-matlab", 30 - scale, scale=scale)),
    *quality("liif_tiny", "quick-seed0", 29.0, scale=2.0),
    *quality("liif_tiny", "quick-seed0", 27.0, scale=3.7),
    *quality("liif_tiny", "quick-seed0", 24.25, scale=6.0),
    *(row for scale in (2.0, 3.7, 6.0) for row in spent(scale, scale * 1e9)),
]  # fmt: skip
TIMED = {
    "source": "measured",
    "method": "liif_tiny",
    "scale": 2.0,
    "lr_size": "256x256",
    "metric": "latency",
    "value": 5.0,
}


def panels(rows: list[dict[str, Any]], protocol: str = "y_basicsr") -> list[dict[str, Any]]:
    means = measurements.over_seeds(measurements.at_own_size(measurements.means(measurements.frame(rows))))
    return scale_panels(quality_tables(means), cost_rows(means), protocol)


def test_every_scale_has_its_own_numbers_and_says_whether_it_was_trained() -> None:
    (panel,) = panels(ROWS)
    found: list[list[Reached]] = [point["rows"] for point in panel["points"]]
    assert [point["scale"] for point in panel["points"]] == [2, 3.7, 6]
    assert [row.name for row in found[0]] == ["Bicubic", "LIIF tiny"]
    networks = [rows[1] for rows in found]
    assert [(row.psnr, row.macs, row.inside) for row in networks] == [(29, 2, True), (27, 3.7, True), (24.25, 6, False)]
    assert [round(row.gain or 0, 2) for row in networks] == [1, 0.7, 0.25]
    assert [row.inside for rows in found for row in rows[:1]] == [None] * 3
    for number, point in enumerate(panel["points"]):
        (marked,) = re.findall(r'class="here" d="M([\d.]+) ', point["chart"])
        circles = re.findall(r'<circle( class="beyond")? cx="([\d.]+)"', point["chart"])
        assert circles[number][1] == marked
        assert [bool(beyond) for beyond, _ in circles] == [False, False, True]


def test_one_scale_or_another_protocol_has_no_slider() -> None:
    assert panels([row for row in ROWS if row["scale"] == 2]) == []
    assert panels(RUNS) == []
    assert panels(ROWS, "y_matlab") == []


def test_the_page_has_the_slider_where_there_is_something_to_slide(report: Callable[..., str]) -> None:
    page = " ".join(Page(report([*RUNS, *ROWS])).text.split())
    assert "LIIF tiny trained here (quick, 1 seed) · beyond its training 24.25 dB +0.25 6 G" in page
    assert "fresh weights" not in page
    assert 'href="#scales"' not in report()


def test_beside_the_slider_stands_what_its_seconds_are_of(report: Callable[..., str]) -> None:
    page = " ".join(Page(report([*RUNS, *ROWS, TIMED])).text.split())
    assert "0.005 s" in page and "a pass with fresh weights" in page

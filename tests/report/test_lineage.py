"""What the page says of published weights that were made from others."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.report.conftest import FIGURES, HOSTILE, SVG, Page

RELATION: dict[str, Any] = {
    "descendant": {"title": "ESRNet", "method": "esrnet_2025", "year": 2025},
    "ancestor": {"title": "SPAN", "method": "span_2024", "year": 2024},
    "is_known": True,
    "verdict": "shares part",
    "shared": 22,
    "kernels": [23, 22],
    "share": [0.955, 1.0],
    "median": 0.0,
    "largest": 0.0384,
    "equal": 40,
    "tensors": [46, 44],
}


@pytest.fixture
def section(report: Callable[..., str], project: Path) -> Callable[..., str]:
    """The text of the section with some relations."""

    def section(*found: dict[str, Any]) -> str:
        data = {"scale": 4, "compared": 90, "verdicts": {"shares part": "in part"}, "relations": found}
        (project / "lineage_x4.json").write_text(json.dumps(data))
        (project / "lineage_x4.svg").write_text(SVG)
        page = report(figures=[*FIGURES, "lineage_x4.json", "lineage_x4.svg"])
        part = page[page.index('<section id="lineage">') : page.index('<section id="images">')]
        assert ("What it shows" in part) == bool(found)
        return " ".join(Page(part).text.split())

    return section


def test_every_pair_is_a_row(section: Callable[..., str]) -> None:
    text = section(RELATION, {**RELATION, "ancestor": {**RELATION["ancestor"], "title": HOSTILE}, "is_known": False})
    assert "ESRNet 2025, esrnet_2025 SPAN 2024 shares part 22 of 23 95.5 0 3.8e-02 40 of 46" in text
    assert f"{HOSTILE} 2024, which may be the younger" in text


def test_without_a_pair_it_says_so_and_without_weights_nothing(
    section: Callable[..., str], report: Callable[..., str]
) -> None:
    assert "Of 90 published sets of weights at x4 none has kernels of another." in section()
    assert 'id="lineage"' not in report()

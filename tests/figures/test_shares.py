"""Shares of experts over scales: every bar is what was counted at that scale."""

import pytest
from matplotlib.patches import Rectangle

from resolute import measurements
from resolute.core.layout import Span
from resolute.figures.shares import shares_over_scales
from resolute.figures.style import style

EXPERTS = ("light", "heavy")
CHOSEN = {3.7: (30.0, 10.0), 2.0: (10.0, 30.0), 6.0: (20.0, 20.0)}


def test_bars_are_the_shares_of_each_scale_and_pale_beyond_the_training() -> None:
    described = {"source": "measured", "method": "moeisr_tiny", "weights": "quick-seed0", "dataset": "embedded"}
    rows = [
        {**described, "scale": scale, "image": image, "place": place, "metric": metric, "value": value}
        for scale, counts in CHOSEN.items()
        for image in "ab"
        for place, metric, value in (
            *(("pixels", f"chosen_{expert}", count) for expert, count in zip(EXPERTS, counts, strict=True)),
            ("", "macs", scale),
            ("", "macs_full", 8.0),
        )
    ]
    with style():
        figure, caption = shares_over_scales(measurements.frame(rows), EXPERTS, Span(1, 4), "a network")
    axes = figure.axes[0]
    bars = [patch for patch in axes.patches if isinstance(patch, Rectangle)]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["x2", "x3.7", "x6"]
    assert [bar.get_height() for bar in bars] == pytest.approx([25, 75, 50, 75, 25, 50])
    assert [bar.get_alpha() for bar in bars[:3]] == [1, 1, 0.5]
    assert [text.get_text() for text in axes.texts] == ["25% of MACs", "46% of MACs", "75% of MACs"]
    assert "x1-4" in caption

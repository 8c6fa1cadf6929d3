"""Curves over settings, numbers of classes, and gains by difficulty."""

from typing import Any

import pytest

from resolute import measurements, registry
from resolute.core.errors import ResoluteError
from resolute.figures.classes import over_classes
from resolute.figures.curves import curves
from resolute.figures.gains import gains, gains_of
from resolute.figures.style import style

Row = dict[str, Any]
OF, OVER = "wbsr_tiny", "wbsr_tiny_uniform"
SETTINGS = registry.entry(OF).settings
FULL = 8e9


def psnr(method: str, value: float, setting: str = "", share: float = 1, seed: int = 0) -> list[Row]:
    row: Row = {"source": "measured", "method": method, "weights": f"quick-seed{seed}", "setting": setting}
    row |= {"scale": 4.0, "dataset": "embedded", "image": "a"}
    return [
        {**row, "metric": "psnr", "protocol": "y_basicsr", "value": value},
        {**row, "metric": "macs", "protocol": "macs", "value": share * 3e9},
        {**row, "metric": "macs_full", "protocol": "macs", "value": 3e9},
    ]


def cost(method: str) -> Row:
    described = {"source": "measured", "method": method, "scale": 4.0, "lr_size": "256x256"}
    return {**described, "metric": "macs", "protocol": "macs", "value": FULL}


def test_a_curve_joins_the_settings_by_cost_and_the_experts_apart() -> None:
    rows = [cost(OF), cost("rlfn_tiny"), *psnr("rlfn_tiny", 27.5)]
    rows += [*psnr(OF, 29.0, "alpha1.3", 0.75), *psnr(OF, 28.0, "alpha0.7", 0.25), *psnr(OF, 28.5, "alpha1", 0.5)]
    rows += [*psnr(OF, 29.5, "w16d8"), *psnr(OF, 27.0, "w9d8", 0.125)]
    means = measurements.over_seeds(measurements.means(measurements.frame(rows)))
    with style():
        figure, caption = curves(means, "y_basicsr", "embedded", 4.0)
    drawn = {str(line.get_label()): line.get_xydata().tolist() for line in figure.axes[0].lines}  # type: ignore[union-attr]
    title = registry.entry(OF).title
    assert drawn[title] == [[2, 28], [4, 28.5], [6, 29]]
    assert drawn[f"{title}, one expert"] == [[1, 27], [8, 29.5]]
    assert figure.axes[0].collections[0].get_offsets().tolist() == [[8, 27.5]]  # type: ignore[union-attr]
    assert "y_basicsr" in caption


def test_each_number_of_classes_is_a_point_of_a_settings_lines() -> None:
    rows = [
        row
        for classes, method in ((20, "wbsr_tiny_k20"), (10, OF), (5, "wbsr_tiny_k5"))
        for seed in range(2)
        for setting, share in (("alpha1.3", 0.75), ("eq15", 0.5), ("w16d8", 1))
        for row in psnr(method, 28 + classes / 100 + 0.25 * seed, setting, share - classes / 100, seed)
    ]
    means = measurements.over_seeds(measurements.means(measurements.frame([*rows, *psnr("rlfn_tiny", 27.5)])))
    with style():
        figure, caption = over_classes(means, [OF, "wbsr_tiny_k5", "wbsr_tiny_k20"], "y_basicsr", "embedded", 4.0)
    quality, cost = figure.axes
    drawn = {str(bars.get_label()): bars[0].get_xydata().tolist() for bars in quality.containers}
    assert drawn["alpha1.3"] == [[5, 28.175], [10, 28.225], [20, 28.325]]
    assert "w16d8" not in drawn
    assert cost.lines[0].get_ydata() == pytest.approx([70, 65, 55])
    assert "over 2 seeds" in caption and "y_basicsr" in caption


def category(method: str, number: int, value: float, setting: str, weights: str = "quick-seed0") -> list[Row]:
    row: Row = {"source": "measured", "method": method, "weights": weights, "setting": setting}
    row |= {"dataset": "embedded", "scale": 4.0}
    return [
        {**row, "metric": f"psnr_category{number}", "value": value},
        {**row, "metric": f"patches_category{number}", "value": 5.0},
    ]


def by_category(method: str, of: dict[str, float], weights: str = "quick-seed0") -> list[Row]:
    """The PSNR of category k at a setting is k beyond its value."""
    return [
        row
        for setting, value in of.items()
        for number in (10, *range(1, 10))
        for row in category(method, number, value + number, setting, weights)
    ]


def test_a_gain_is_over_the_same_setting_category_by_category() -> None:
    one = by_category(OF, {"alpha1.3": 30.5, "alpha1": 30.25})
    other = by_category(OVER, {"alpha1.3": 30.0, "alpha1": 30.0})
    other[0]["value"] += 1  # of category 10
    found = gains_of(measurements.frame([*one, *other]), OF, OVER)
    assert list(found.columns) == list(range(1, 11))
    assert list(found.loc["alpha1.3"]) == [0.5] * 9 + [-0.5]
    assert list(found.loc["alpha1"]) == [0.25] * 10


def test_over_a_method_without_settings_a_gain_is_over_itself() -> None:
    rows = [*by_category(OF, {"alpha1.3": 30.5}), *by_category("rlfn_tiny", {"": 30.0})]
    assert list(gains_of(measurements.frame(rows), OF, "rlfn_tiny").loc["alpha1.3"]) == [0.5] * 10


def test_seeds_are_compared_one_by_one() -> None:
    rows = [
        row
        for seed, (one, other) in enumerate([(31.0, 30.0), (30.0, 29.5)])
        for row in [
            *by_category(OF, {"alpha1.3": one}, f"quick-seed{seed}"),
            *by_category(OVER, {"alpha1.3": other}, f"quick-seed{seed}"),
        ]
    ]
    with style():
        figure, caption = gains(measurements.frame(rows), OF, OVER, "embedded", 4.0)
    heights = [bar.get_height() for bar in figure.axes[0].patches]  # type: ignore[attr-defined]
    assert heights == pytest.approx([0.75] * 10)
    assert "over 2 seeds" in caption
    assert "(5 or more)" in caption


def test_methods_that_cannot_be_compared_are_one_line() -> None:
    rows = [*by_category(OF, {"alpha1.3": 30.5}), *by_category(OVER, {"alpha1.3": 30.0}, "bsds-seed0")]
    with pytest.raises(
        ResoluteError, match=r"figures\.gains: wbsr_tiny and wbsr_tiny_uniform have no weights in common"
    ):
        gains_of(measurements.frame(rows), OF, OVER)

import math
from collections.abc import Callable, Sequence
from itertools import combinations
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resolute import measurements, registry
from resolute.figures.labels import Point, place_labels
from resolute.figures.style import style
from resolute.figures.tradeoff import tradeoff
from resolute.measurements.tradeoff import COSTS, Result, pareto_front, results
from resolute.registry import Entry

Write = Callable[..., Path]

costs = st.sampled_from([1.0, 2.0, 5.0, 10.0, 20.0])
quality = st.sampled_from([28.0, 28.5, 29.0, 29.5])


def grouped(files: Sequence[Path]) -> pd.DataFrame:
    return measurements.over_seeds(measurements.means(measurements.read(*files)))


@given(st.lists(st.tuples(costs, quality), max_size=12))
def test_the_front_holds_what_nothing_beats(pairs: list[tuple[float, float]]) -> None:
    found = [
        Result((str(number), ""), "", str(number), macs, psnr, math.nan, False)
        for number, (macs, psnr) in enumerate(pairs)
    ]
    front = {(one.cost, one.psnr) for one in pareto_front(found)}
    unbeaten = {
        (macs, psnr)
        for macs, psnr in pairs
        if not any((x <= macs and y >= psnr) and (x, y) != (macs, psnr) for x, y in pairs)
    }
    assert front == unbeaten
    assert len(front) == len(pareto_front(found))


def test_runs_of_several_seeds_are_one_result(write: Write) -> None:
    files = [
        write("rlfn_tiny", 28.0, "quick-seed0", macs=2e9),
        write("rlfn_tiny", 29.0, "quick-seed1"),
        write("rlfn_tiny", 29.5, "published-tag"),
        write("rlfn_tiny", 29.7, "own-mine"),
        write("bicubic", 27.0, "published-matlab"),
        write("no_cost", 30.0, "quick-seed0"),
        write("rlfn_tiny", 40.0, "quick-seed0", dataset="set5"),
    ]
    found, baseline = results(grouped(files), "y_basicsr", "embedded", 4.0, COSTS["macs"])
    several, published, own = sorted(found, key=lambda one: one.psnr)
    assert (several.cost, several.psnr, several.trained) == (2.0, 28.5, True)
    assert several.spread == pytest.approx(0.5**0.5)
    assert (published.cost, published.psnr, published.trained, published.own) == (2.0, 29.5, False, False)
    assert (own.name, own.psnr, own.trained, own.own) == (f"{published.name}, own-mine", 29.7, False, True)
    assert math.isnan(published.spread)
    assert baseline == 27.0


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 40))
def test_names_never_overlap_each_other_or_the_points_of_others(seed: int, count: int) -> None:
    random = np.random.default_rng(seed)
    points = [
        Point(x, y, f"network {number}")
        for number, (x, y) in enumerate(
            zip(10 ** random.uniform(0, 2, count), random.normal(29, 0.3, count), strict=True)
        )
    ]
    with style():
        figure, axes = plt.subplots(figsize=(7, 4))
        axes.set(xscale="log", xlim=(0.5, 200), ylim=(27.5, 30.5))
        boxes = place_labels(axes, points, figure.dpi)
        centres = axes.transData.transform([(point.x, point.y) for point in points])
        plt.close(figure)
    assert boxes
    assert not any(one.overlaps(other) for one, other in combinations(boxes, 2))
    assert not any(box.contains(*centre) for box in boxes for centre in centres)


@pytest.mark.parametrize("files", [0, 1])
def test_a_run_without_networks_still_has_its_figure(write: Write, files: int) -> None:
    measured = [write("bicubic", 27.0, "published-matlab")][:files]
    with style():
        figure, caption = tradeoff(grouped(measured), "y_basicsr", COSTS["macs"])
        title = figure.axes[0].get_title("left")
        plt.close(figure)
    assert "y_basicsr" in caption
    assert ("scikit-image" in title) is bool(files)


@pytest.mark.parametrize("years", [(), (2024,), (2024, 2026)])
def test_each_years_challenge_has_its_front_where_there_are_several(
    write: Write, monkeypatch: pytest.MonkeyPatch, years: tuple[int, ...]
) -> None:
    families = {f"{method}_{year}": f"ntire{year}" for year in years for method in ("small", "large")}
    entries = {name: Entry(name, name, family, (4.0,), {}) for name, family in families.items()}
    monkeypatch.setattr(registry, "names", lambda: [*entries, "rlfn_tiny"])
    monkeypatch.setattr(registry, "entry", lambda name, entry=registry.entry: entries.get(name) or entry(name))
    measured = [write("rlfn_tiny", 27.0, "published-a", macs=1e9)]
    for name in entries:
        better = ("large" in name) + 0.1 * ("2026" in name)
        measured.append(write(name, 28 + better, "published-a", macs=(2 + better) * 1e9))
    with style():
        figure, caption = tradeoff(grouped(measured), "y_basicsr", COSTS["macs"])
        drawn = {line.get_label(): line.get_xydata() for line in figure.axes[0].lines}
        plt.close(figure)
    fronts = {label: corners for label, corners in drawn.items() if str(label).startswith("NTIRE")}
    assert set(fronts) == ({"NTIRE 2024", "NTIRE 2026"} if len(years) > 1 else set())
    assert ("each year's NTIRE challenge" in caption) is (len(years) > 1)
    if fronts:
        assert np.asarray(fronts["NTIRE 2026"]) == pytest.approx(np.array([[2.1, 28.1], [3.1, 28.1], [3.1, 29.1]]))


@pytest.mark.parametrize(("baseline", "is_line"), [(28.2, True), (20.0, False)])
def test_bicubic_never_squeezes_the_networks(write: Write, baseline: float, is_line: bool) -> None:
    measured = [
        write("rlfn_tiny", 28.5, "quick-seed0", macs=2e9),
        write("imdn_tiny", 29.0, "quick-seed0", macs=3e9),
        write("bicubic", baseline, "published-matlab"),
    ]
    with style():
        figure, _ = tradeoff(grouped(measured), "y_basicsr", COSTS["macs"])
        lowest = figure.axes[0].get_ylim()[0]
        notes = [text.get_text() for text in figure.axes[0].texts]
        plt.close(figure)
    assert lowest > 28
    assert any("bicubic 20.00 dB" in note for note in notes) is not is_line

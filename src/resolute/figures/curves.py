"""Quality against cost over the settings of dynamic methods, each a curve, beside networks that are points."""

from collections.abc import Sequence
from itertools import groupby

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from resolute import registry
from resolute.figures.labels import Point, place_labels
from resolute.figures.style import LINES, MUTED, short
from resolute.figures.tradeoff import draw_baseline, logarithmic_costs
from resolute.measurements import titles
from resolute.measurements.tradeoff import COSTS, Result, results

MOST_NAMES = 12  # of networks beside the curves that get one, if there is room


def curves(means: pd.DataFrame, protocol: str, dataset: str, scale: float) -> tuple[Figure, str]:
    """The figure of a data set at a scale, and its caption.

    Args:
        means: of `measurements.over_seeds`.
        protocol: of the PSNRs.
    """
    axis = COSTS["macs"]
    found, baseline = results(means, protocol, dataset, scale, axis)
    points = [one for one in found if not one.setting]
    figure, axes = plt.subplots(figsize=(7.2, 4.8), layout="constrained")
    if points:
        axes.scatter([one.cost for one in points], [one.psnr for one in points], s=22, c=MUTED, linewidths=0)
    of_runs = groupby(sorted((one for one in found if one.setting), key=lambda one: one.run), lambda one: one.run)
    for number, (run, places) in enumerate(of_runs):
        _curve(axes, run, sorted(places, key=lambda one: (one.cost, one.psnr)), LINES[number % len(LINES)])
    if baseline is not None:
        draw_baseline(axes, found, baseline)
    logarithmic_costs(axes, axis)
    axes.set_title(f"{short(titles.dataset_title(dataset))}, x{scale:g}")
    figure.legend(loc="outside lower center", ncols=2)
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    best = sorted(points, key=lambda one: -one.psnr)[:MOST_NAMES]
    named = [Point(one.cost, one.psnr, one.setting) for one in found if one.setting]
    named += [Point(one.cost, one.psnr, short(one.name, 30)) for one in best]
    place_labels(axes, named, figure.dpi)
    return figure, _caption(dataset, scale, protocol)


def _curve(axes: Axes, run: tuple[str, str], places: Sequence[Result], colour: str) -> None:
    """The settings that choose among experts, joined; those of one expert throughout as squares of the same colour."""
    experts = registry.entry(run[0]).experts
    static = [one for one in places if one.setting in experts]
    chosen = [one for one in places if one.setting not in experts]
    for some, marker, style, face, kind in (
        (chosen, "o", "-", colour, ""),
        (static, "s", ":", "none", ", one expert"),
    ):
        if some:
            x, y = [one.cost for one in some], [one.psnr for one in some]
            label = f"{short(titles.method_title(run[0], weights=run[1]), 44)}{kind}"
            axes.plot(
                x, y, marker=marker, linestyle=style, color=colour, markerfacecolor=face, markersize=5.5, label=label
            )


def _caption(dataset: str, scale: float, protocol: str) -> str:
    return (
        f"Mean PSNR over the images of {titles.dataset_title(dataset)} at x{scale:g}, protocol {protocol}, against the"
        " multiply-adds that the images took (logarithmic axis). A line joins the settings of a dynamic method from the"
        " cheapest to the costliest; a dotted one, with squares, joins its experts by themselves: what the choice is"
        " worth is how far the settings lie above it. Dots are networks without settings."
    )

"""Quality against cost: mean PSNR over a quantity of cost, one panel per data set and scale."""

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from resolute import registry
from resolute.core import layout
from resolute.figures.labels import Point, place_labels
from resolute.figures.style import BLUE, CATEGORIES, INK, MUTED, VERMILLION, short
from resolute.measurements import titles
from resolute.measurements.tradeoff import Cost, Result, corners, pareto_front, results

WIDTH, PANEL_HEIGHT = 7.2, 4.3  # inches
# The baseline farther below the networks than this share of their own range is a note, not a line: a line would
# leave the networks no room.
FAR_BELOW = 0.6
CHALLENGE = re.compile(r"ntire(\d{4})")  # the family of a challenge's networks


def tradeoff(means: pd.DataFrame, protocol: str, axis: Cost, timing: str = "") -> tuple[Figure, str]:
    """The figure and its caption, which says how latencies were taken (`timing`)."""
    quality = means[(means["metric"] == "psnr") & (means["protocol"] == protocol)]
    panels = list(quality[["dataset", "scale"]].drop_duplicates().itertuples(index=False, name=None))
    shown = [results(means, protocol, dataset, scale, axis) for dataset, scale in panels]
    size = WIDTH, PANEL_HEIGHT * max(1, len(panels))
    figure, axes = plt.subplots(max(1, len(panels)), squeeze=False, figsize=size, layout="constrained")
    for panel, (dataset, scale), (found, baseline) in zip(axes[:, 0], panels, shown, strict=False):
        _panel(panel, found, baseline, axis)
        panel.set_title(f"{short(titles.dataset_title(dataset))}, x{scale:g}")
    _legend(figure, axes[:, 0])
    if not panels:
        axes[0, 0].set_title(f"No PSNR has been measured under the protocol {protocol}")
    # The layout moves the axes, and names are placed in pixels.
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    for panel, (found, _) in zip(axes[:, 0], shown, strict=False):
        names = [Point(one.cost, one.psnr, short(one.name, 40)) for one in _by_interest(found)]
        place_labels(panel, names, figure.dpi, corners(pareto_front(found)))
    challenges = any(_fronts_by_year(found) for found, _ in shown)
    return figure, _caption(means, protocol, panels, axis, timing, challenges)


def _panel(axes: Axes, found: Sequence[Result], baseline: float | None, axis: Cost) -> None:
    for trained, own, colour, marker, label in (
        (False, False, BLUE, "o", "published weights"),
        (False, True, BLUE, "s", "own weights"),
        (True, False, VERMILLION, "D", "trained here"),
    ):
        group = [result for result in found if (result.trained, result.own) == (trained, own)]
        if group:
            x, y = [result.cost for result in group], [result.psnr for result in group]
            axes.scatter(x, y, s=34, c=colour, marker=marker, linewidths=0, label=label, zorder=3)
        several = [result for result in group if not math.isnan(result.spread)]
        if several:
            x, y = [result.cost for result in several], [result.psnr for result in several]
            bars = [result.spread for result in several]
            axes.errorbar(x, y, bars, fmt="none", ecolor=colour, elinewidth=1, capsize=3, zorder=3)
    front = pareto_front(found)
    if len(front) > 1:
        axes.plot(*zip(*corners(front), strict=True), color=INK, linewidth=1, label="Pareto front", zorder=2)
    fronts = _fronts_by_year(found)
    for number, (year, one) in enumerate(fronts.items()):
        # The end of the palette is too pale for a line.
        shade = plt.get_cmap(CATEGORIES)(0.9 * number / (len(fronts) - 1))
        axes.plot(*zip(*corners(one), strict=True), color=shade, linewidth=1, linestyle="--", label=f"NTIRE {year}")
    if baseline is not None:
        draw_baseline(axes, found, baseline)
    if not found:
        axes.text(0.5, 0.5, f"no {axis.words} known", transform=axes.transAxes, color=MUTED, ha="center")
    logarithmic_costs(axes, axis)


def _fronts_by_year(found: Sequence[Result]) -> dict[str, list[Result]]:
    """The Pareto front of each year's challenge alone; none where there are not several years of several networks."""
    known, years = set(registry.names()), defaultdict(list)
    for result in found:
        method = result.run[0]
        if method in known and (challenge := CHALLENGE.fullmatch(registry.entry(method).family)):
            years[challenge[1]].append(result)
    fronts = {year: front for year in sorted(years) if len(front := pareto_front(years[year])) > 1}
    return fronts if len(fronts) > 1 else {}


def logarithmic_costs(axes: Axes, axis: Cost) -> None:
    """PSNR against a logarithmic axis of cost."""
    axes.set(xscale="log", xlabel=axis.axis, ylabel="PSNR (dB)")
    axes.margins(x=0.14, y=0.12)
    # A narrow range must still show several ticks.
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())


def draw_baseline(axes: Axes, found: Sequence[Result], baseline: float) -> None:
    """A line where it leaves the networks their room, else a note at the foot of the panel."""
    psnrs = [result.psnr for result in found] or [baseline]
    if min(psnrs) - baseline <= FAR_BELOW * (max(psnrs) - min(psnrs)):
        axes.axhline(baseline, color=MUTED, linewidth=1, linestyle=(0, (4, 3)), label="bicubic")
        return
    note = f"\N{DOWNWARDS ARROW} bicubic {baseline:.2f} dB"
    axes.text(0.985, 0.02, note, transform=axes.transAxes, color=MUTED, ha="right", va="bottom")


def _legend(figure: Figure, panels: Iterable[Axes]) -> None:
    """One key for all panels, of what is drawn in any of them."""
    keys: dict[str, Artist] = {}
    for panel in panels:
        handles, labels = panel.get_legend_handles_labels()
        keys.update(zip(labels, handles, strict=True))
    if keys:
        figure.legend(list(keys.values()), list(keys), loc="outside lower center", ncols=min(len(keys), 5))


def _by_interest(found: Sequence[Result]) -> list[Result]:
    """Those on the Pareto front first, then the better ones: where there is little room, these get names."""
    front = pareto_front(found)
    return front + sorted((one for one in found if one not in front), key=lambda one: -one.psnr)


def _caption(
    means: pd.DataFrame, protocol: str, panels: Sequence[tuple[str, float]], axis: Cost, timing: str, challenges: bool
) -> str:
    sizes = means.loc[(means["metric"] == axis.metric) & (means["dataset"] == ""), "lr_size"].str.replace("x", " x ")
    at = f" of a {sizes.iloc[0]} LR image" if len(sizes) and axis.metric != "params" else ""
    on = f" on {short(timing, 80)}" if timing and axis.metric == "latency" else ""
    own = ", a square one with weights of somebody's own" if any(map(layout.own_name, means["weights"])) else ""
    several = means.loc[means["metric"] == "psnr", "seeds"].max() > 1
    seeds = " (of several seeds the mean, with a bar for their standard deviation)" if several else ""
    years = " Coloured lines join those of each year's NTIRE challenge alone." if challenges else ""
    names = ", ".join(f"{titles.dataset_title(dataset)} at x{scale:g}" for dataset, scale in panels)
    return (
        f"Mean PSNR over the images of {names or 'no data set'}, protocol {protocol}, against the"
        f" {axis.words}{at}{on} (logarithmic axis). A circle is a network with its published weights, a diamond"
        f" one trained in this run{seeds}{own}. The line joins those that no cheaper network beats; bicubic"
        " interpolation is a dashed line, or a note where it lies far below. Names that find no room are left out."
        f"{years}"
    )

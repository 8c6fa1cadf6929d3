"""Quality against cost: mean PSNR over a quantity of cost, one panel per data set and scale."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from resolute import measurements
from resolute.core import layout
from resolute.figures.labels import Point, place_labels
from resolute.figures.style import BLUE, INK, MUTED, VERMILLION, short
from resolute.measurements import titles

WIDTH, PANEL_HEIGHT = 7.2, 4.3  # inches
# The baseline farther below the networks than this share of their own range is a note, not a line: a line would
# leave the networks no room.
FAR_BELOW = 0.6


@dataclass(frozen=True)
class Cost:
    """A quantity of the long form, and how an axis shows it."""

    metric: str
    protocol: str
    words: str
    unit: str
    divisor: float

    @property
    def axis(self) -> str:
        return f"{self.words} ({self.unit})"


COSTS = {
    "macs": Cost("macs", "macs", "MACs", "G", 1e9),
    "params": Cost("params", "", "parameters", "K", 1e3),
    "latency": Cost("latency", "", "latency", "ms", 1),
}


@dataclass(frozen=True)
class Result:
    """Published weights, or all seeds of a preset, on one data set: cost in the axis's unit, mean PSNR in dB.

    `spread` is the standard deviation of the PSNR over seeds, NaN for fewer than two.
    """

    run: tuple[str, str]  # method and weights
    setting: str
    name: str
    cost: float
    psnr: float
    spread: float
    trained: bool

    @property
    def own(self) -> bool:
        """Whether its weights were imported."""
        return layout.own_name(self.run[1]) != ""


def results(
    means: pd.DataFrame, protocol: str, dataset: str, scale: float, axis: Cost
) -> tuple[list[Result], float | None]:
    """What a panel shows of `measurements.over_seeds`: every method whose cost is known, and the baseline's PSNR (None:
    not measured). A PSNR that is infinite has no place in it. The multiply-adds of a dynamic method are those that it
    took.
    """
    rows = means[(means["metric"] == "psnr") & (means["protocol"] == protocol)]
    rows = rows[(rows["dataset"] == dataset) & (rows["scale"] == scale)]
    costs = means[(means["metric"] == axis.metric) & (means["protocol"] == axis.protocol) & (means["dataset"] == "")]
    cost = costs[(costs["scale"] == scale) & (costs["value"] > 0)].groupby("method")["value"].first()
    shares = measurements.shares(means) if axis.metric == "macs" else {}
    found, baseline = [], None
    for run in measurements.records(rows[rows["value"].notna()]):
        method, psnr = run["method"], float(run["value"])
        if method == measurements.BASELINE:
            baseline = psnr
        elif method in cost.index:
            name = titles.method_title(method, run["setting"], run["weights"])
            trained = measurements.is_trained(run["weights"])
            spent = float(cost[method]) * shares.get(measurements.key(run), 1)
            of = method, run["weights"]
            found.append(Result(of, run["setting"], name, spent / axis.divisor, psnr, run["spread"], trained))
    return found, baseline


def pareto_front(found: Sequence[Result]) -> list[Result]:
    """The results that no other beats at the same or a lower cost, by rising cost."""
    front: list[Result] = []
    for result in sorted(found, key=lambda result: (result.cost, -result.psnr)):
        if not front or result.psnr > front[-1].psnr:
            front.append(result)
    return front


def tradeoff(means: pd.DataFrame, protocol: str, axis: Cost, timing: str = "") -> tuple[Figure, str]:
    """The figure and its caption, which says how latencies were taken (`timing`)."""
    quality = means[(means["metric"] == "psnr") & (means["protocol"] == protocol)]
    panels = list(quality[["dataset", "scale"]].drop_duplicates().itertuples(index=False, name=None))
    size = WIDTH, PANEL_HEIGHT * max(1, len(panels))
    figure, axes = plt.subplots(max(1, len(panels)), squeeze=False, figsize=size, layout="constrained")
    for panel, (dataset, scale) in zip(axes[:, 0], panels, strict=False):
        _panel(panel, *results(means, protocol, dataset, scale, axis), axis)
        panel.set_title(f"{short(titles.dataset_title(dataset))}, x{scale:g}")
    _legend(figure, axes[:, 0])
    if not panels:
        axes[0, 0].set_title(f"No PSNR has been measured under the protocol {protocol}")
    # The layout moves the axes, and names are placed in pixels.
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    for panel, (dataset, scale) in zip(axes[:, 0], panels, strict=False):
        found, _ = results(means, protocol, dataset, scale, axis)
        names = [Point(one.cost, one.psnr, short(one.name, 40)) for one in _by_interest(found)]
        place_labels(panel, names, figure.dpi, _corners(pareto_front(found)))
    return figure, _caption(means, protocol, panels, axis, timing)


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
        axes.plot(*zip(*_corners(front), strict=True), color=INK, linewidth=1, label="Pareto front", zorder=2)
    if baseline is not None:
        draw_baseline(axes, found, baseline)
    if not found:
        axes.text(0.5, 0.5, f"no {axis.words} known", transform=axes.transAxes, color=MUTED, ha="center")
    logarithmic_costs(axes, axis)


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
        figure.legend(list(keys.values()), list(keys), loc="outside lower center", ncols=len(keys))


def _corners(front: Sequence[Result]) -> list[tuple[float, float]]:
    """The corners of the front's line: it keeps its height until the next result's cost."""
    corners = [(result.cost, result.psnr) for result in front[:1]]
    for here, after in pairwise(front):
        corners += [(after.cost, here.psnr), (after.cost, after.psnr)]
    return corners


def _by_interest(found: Sequence[Result]) -> list[Result]:
    """Those on the Pareto front first, then the better ones: where there is little room, these get names."""
    front = pareto_front(found)
    return front + sorted((one for one in found if one not in front), key=lambda one: -one.psnr)


def _caption(means: pd.DataFrame, protocol: str, panels: Sequence[tuple[str, float]], axis: Cost, timing: str) -> str:
    sizes = means.loc[(means["metric"] == axis.metric) & (means["dataset"] == ""), "lr_size"].str.replace("x", " x ")
    at = f" of a {sizes.iloc[0]} LR image" if len(sizes) and axis.metric != "params" else ""
    on = f" on {short(timing, 80)}" if timing and axis.metric == "latency" else ""
    own = ", a square one with weights of somebody's own" if any(map(layout.own_name, means["weights"])) else ""
    several = means.loc[means["metric"] == "psnr", "seeds"].max() > 1
    seeds = " (of several seeds the mean, with a bar for their standard deviation)" if several else ""
    names = ", ".join(f"{titles.dataset_title(dataset)} at x{scale:g}" for dataset, scale in panels)
    return (
        f"Mean PSNR over the images of {names or 'no data set'}, protocol {protocol}, against the"
        f" {axis.words}{at}{on} (logarithmic axis). A circle is a network with its published weights, a diamond"
        f" one trained in this run{seeds}{own}. The line joins those that no cheaper network beats; bicubic"
        " interpolation is a dashed line, or a note where it lies far below. Names that find no room are left out."
    )

"""Quality against cost: mean PSNR over multiply-adds, one panel per data set and scale."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from resolute import summary
from resolute.figures.labels import Point, place_labels
from resolute.figures.style import BLUE, INK, MUTED, VERMILLION, short

GIGA = 1e9
WIDTH, PANEL_HEIGHT = 7.2, 4.3  # inches


@dataclass(frozen=True)
class Result:
    """One set of weights on one data set: MACs in G, mean PSNR in dB."""

    name: str
    macs: float
    psnr: float
    trained: bool


def results(means: pd.DataFrame, protocol: str, dataset: str, scale: float) -> tuple[list[Result], float | None]:
    """What a panel shows: every method whose MACs are known, and the baseline's PSNR (None: not measured).

    Runs that differ by their seed alone are one result, their mean.
    """
    rows = means[(means["metric"] == "psnr") & (means["protocol"] == protocol)]
    rows = rows[(rows["dataset"] == dataset) & (rows["scale"] == scale)]
    macs = means[(means["metric"] == "macs") & (means["scale"] == scale) & (means["value"] > 0)]
    cost = macs.groupby("method")["value"].first()
    preset = rows["weights"].str.replace(r"-seed\d+$", "", regex=True)
    runs = rows.assign(weights=preset).groupby(["method", "weights"])["value"].mean().reset_index()
    found, baseline = [], None
    for run in summary.records(runs):
        method, psnr = run["method"], float(run["value"])
        if method == summary.BASELINE:
            baseline = psnr
        elif method in cost.index:
            name, trained = summary.method_title(method), summary.is_trained(run["weights"])
            found.append(Result(name, float(cost[method]) / GIGA, psnr, trained))
    return found, baseline


def pareto_front(found: Sequence[Result]) -> list[Result]:
    """The results that no other beats at the same or a lower cost, by rising cost."""
    front: list[Result] = []
    for result in sorted(found, key=lambda result: (result.macs, -result.psnr)):
        if not front or result.psnr > front[-1].psnr:
            front.append(result)
    return front


def tradeoff(means: pd.DataFrame, protocol: str) -> tuple[Figure, str]:
    """The figure and its caption."""
    quality = means[(means["metric"] == "psnr") & (means["protocol"] == protocol)]
    panels = list(quality[["dataset", "scale"]].drop_duplicates().itertuples(index=False, name=None))
    size = WIDTH, PANEL_HEIGHT * max(1, len(panels))
    figure, axes = plt.subplots(max(1, len(panels)), squeeze=False, figsize=size, layout="constrained")
    for panel, (dataset, scale) in zip(axes[:, 0], panels, strict=False):
        _panel(panel, *results(means, protocol, dataset, scale))
        panel.set_title(f"{short(summary.dataset_title(dataset))}, x{scale:g}")
    _legend(figure, axes[:, 0])
    if not panels:
        axes[0, 0].set_title(f"No PSNR has been measured under the protocol {protocol}")
    # The layout moves the axes, and names are placed in pixels.
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    for panel, (dataset, scale) in zip(axes[:, 0], panels, strict=False):
        found, _ = results(means, protocol, dataset, scale)
        names = [Point(one.macs, one.psnr, short(one.name, 40)) for one in _by_interest(found)]
        place_labels(panel, names, figure.dpi, _corners(pareto_front(found)))
    return figure, _caption(means, protocol, panels)


def _panel(axes: Axes, found: Sequence[Result], baseline: float | None) -> None:
    for trained, colour, marker, label in (
        (False, BLUE, "o", "published weights"),
        (True, VERMILLION, "D", "trained here"),
    ):
        group = [result for result in found if result.trained is trained]
        if group:
            x, y = [result.macs for result in group], [result.psnr for result in group]
            axes.scatter(x, y, s=34, c=colour, marker=marker, linewidths=0, label=label, zorder=3)
    front = pareto_front(found)
    if len(front) > 1:
        axes.plot(*zip(*_corners(front), strict=True), color=INK, linewidth=1, label="Pareto front", zorder=2)
    if baseline is not None:
        axes.axhline(baseline, color=MUTED, linewidth=1, linestyle=(0, (4, 3)), label="bicubic")
    axes.set(xscale="log", xlabel="MACs (G)", ylabel="PSNR (dB)")
    axes.margins(x=0.14, y=0.12)
    # A narrow range must still show several ticks.
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())


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
    corners = [(result.macs, result.psnr) for result in front[:1]]
    for here, after in pairwise(front):
        corners += [(after.macs, here.psnr), (after.macs, after.psnr)]
    return corners


def _by_interest(found: Sequence[Result]) -> list[Result]:
    """Those on the Pareto front first, then the better ones: where there is little room, these get names."""
    front = pareto_front(found)
    return front + sorted((one for one in found if one not in front), key=lambda one: -one.psnr)


def _caption(means: pd.DataFrame, protocol: str, panels: Sequence[tuple[str, float]]) -> str:
    sizes = means.loc[means["metric"] == "macs", "setting"].str.removeprefix("lr").str.replace("x", " x ")
    at = f" of a {sizes.iloc[0]} LR image" if len(sizes) else ""
    names = ", ".join(f"{summary.dataset_title(dataset)} at x{scale:g}" for dataset, scale in panels)
    return (
        f"Mean PSNR over the images of {names or 'no data set'}, protocol {protocol}, against the"
        f" multiply-adds{at} (logarithmic axis). A circle is a network with its published weights, a diamond"
        " one trained in this run. The line joins those that no cheaper network beats; the dashed line is"
        " bicubic interpolation. Names that find no room are left out."
    )

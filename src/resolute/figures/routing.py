"""Which experts a dynamic method chooses: how often at each place, and whether harder images cost more."""

from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from resolute.figures.style import BLUE, CATEGORIES, INK, short
from resolute.measurements import titles

ROW_HEIGHT = 2.6  # inches
HATCHED: dict[str, Any] = {"hatch": "////", "edgecolor": INK, "linewidth": 0}  # what the authors report


def choices(rows: pd.DataFrame, experts: Sequence[str], by: str = "place") -> pd.DataFrame:
    """How often each expert is chosen at each place (or scale), in percent of the choices there.

    Args:
        rows: of one run at one setting on one data set, measured image by image or published, in the long form.

    Returns:
        A row per place (or scale) and a column per expert, both in the method's order; empty where nothing is chosen.
    """
    names = [f"chosen_{expert}" for expert in experts]
    chosen = rows[rows["metric"].isin(names)]
    counted = chosen.pivot_table(index=by, columns="metric", values="value", aggfunc="sum", sort=False)
    counted = counted.reindex(chosen[by].unique()).reindex(columns=names, fill_value=0).fillna(0)
    return counted.div(counted.sum(axis=1), axis=0).mul(100).set_axis(list(experts), axis="columns")


def spent(rows: pd.DataFrame) -> pd.Series:
    """The multiply-adds of each image, in percent of those of the costliest way.

    To a hundredth: what is the same for every image of a network weighs a little more in small ones.
    """
    macs = rows.pivot_table(index="image", columns="metric", values="value", sort=False)
    return (macs["macs"] / macs["macs_full"] * 100).round(2)


def routing(
    rows: pd.DataFrame, costs: pd.DataFrame, published: pd.DataFrame, experts: Sequence[str], title: str
) -> tuple[Figure, str]:
    """The figure, a row of panels per data set and setting, and its caption.

    Args:
        rows: of the quality of one run, in the long form.
        costs: of its method at its scale; may be empty.
        published: what the authors' network chooses at its scale, in the long form; may be empty.
        experts: of the method, the cheapest first.
        title: of the run.
    """
    panels = list(rows[["dataset", "setting"]].drop_duplicates().itertuples(index=False, name=None))
    size = (7.2, ROW_HEIGHT * len(panels) + 0.4)
    figure, axes = plt.subplots(len(panels), 2, squeeze=False, figsize=size, layout="constrained")
    means, compared = [], []
    for (left, right), (dataset, setting) in zip(axes, panels, strict=True):
        own = rows[(rows["dataset"] == dataset) & (rows["setting"] == setting)]
        name = ", ".join(filter(None, [short(titles.dataset_title(dataset), 22), setting]))
        theirs = choices(published[published["dataset"] == dataset], experts)
        _bars(left, choices(own, experts), theirs)
        compared += [name] if len(theirs) else []
        share = spent(own[own["metric"].isin(["macs", "macs_full"])])
        left.set_title(f"{name}, {len(share)} images")
        difficulty = own[own["metric"] == "difficulty"].set_index("image")["value"]
        _points(right, difficulty.reindex(share.index), share)
        means += [f"{name} {words}" for words in _mean_macs(own, costs)]
    handles, labels = axes[0, 0].get_legend_handles_labels()
    if compared:
        handles, labels = [*handles, Patch(facecolor="none", **HATCHED)], [*labels, "the authors' network"]
    figure.legend(handles, labels, loc="outside upper right", ncols=len(labels))
    caption = (
        f"Experts chosen by {title}. Left: how often each expert is chosen at each place of the network or the image."
        " Right: the multiply-adds of an image, in percent of those of the costliest way, against the image's"
        " difficulty, the mean plus the standard deviation of its gradient magnitude."
    )
    if compared:
        caption += (
            f" The paler, hatched bars ({', '.join(compared)}) are those of the authors' own network, read off their"
            " poster to about one image; the plain ones are not of their weights but of a network trained here."
        )
    return figure, f"{caption} Mean multiply-adds: {'; '.join(means)}." if means else caption


def _bars(axes: Axes, ours: pd.DataFrame, theirs: pd.DataFrame) -> None:
    """Ours and, where there are any, the authors' shares to the right of them."""
    places, width = np.arange(1, len(ours) + 1), 0.4 if len(theirs) else 0.8
    colours = plt.get_cmap(CATEGORIES, len(ours.columns))
    below, their_below = np.zeros(len(ours)), np.zeros(len(theirs))
    for index, expert in enumerate(ours):
        colour, values = colours(index), ours[expert].to_numpy()
        axes.bar(places + (width - 0.8) / 2, values, width, below, color=colour, label=expert)
        below += values
        if len(theirs):
            axes.bar(places + 0.2, theirs[expert], width, their_below, color=to_rgba(colour, 0.4), **HATCHED)
            their_below += theirs[expert].to_numpy()
    kinds = {place.rstrip("0123456789") for place in ours.index}
    kind = kinds.pop() if len(kinds) == 1 else ""  # of group1 to group16 the axis says it once
    axes.set(xlabel=kind or "place", ylabel="chosen (%)")
    axes.set_xticks(places, [place.removeprefix(kind) for place in ours.index])
    axes.grid(axis="x", visible=False)


def _points(axes: Axes, difficulty: pd.Series, share: pd.Series) -> None:
    axes.scatter(difficulty, share, s=16, c=BLUE, linewidths=0, alpha=0.7)
    axes.set(xlabel="difficulty of the LR image", ylabel="MACs (% of the costliest way)")
    axes.set_ylim(min(share.min(), axes.get_ylim()[0]) - 0.5, max(share.max(), axes.get_ylim()[1]) + 0.5)
    # Correlation of ranks in the statistical sense (Spearman); undefined where every image takes the same way.
    if share.nunique() > 1 and difficulty.nunique() > 1:
        axes.set_title(f"rank correlation {difficulty.corr(share, method='spearman'):.2f}")


def _mean_macs(rows: pd.DataFrame, costs: pd.DataFrame) -> list[str]:
    """What an image of each profiled size takes, if it takes what those measured take on average."""
    total = rows.groupby("metric")["value"].sum()
    share = total["macs"] / total["macs_full"]
    known = costs[costs["metric"].isin(["macs", "macs_lowest"])]
    bounds = known.pivot_table(index="lr_size", columns="metric", values="value")
    return [
        f"{share * bound['macs'] / 1e9:.2f} G"
        f" ({bound['macs_lowest'] / 1e9:.2f} to {bound['macs'] / 1e9:.2f} G) at LR {size}"
        for size, bound in bounds.iterrows()
    ]

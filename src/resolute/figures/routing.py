"""Which experts a network chooses: how often in each group, and whether harder images take larger ones."""

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


def choices(rows: pd.DataFrame) -> pd.DataFrame:
    """The rank that each image takes in each group.

    Args:
        rows: of one run on one data set, in the long form.

    Returns:
        A row per image and a column per group, in the network's order.
    """
    chosen = rows[rows["metric"] == "expert_rank"]
    return chosen.pivot_table(index="image", columns="setting", values="value", sort=False)


def histogram(chosen: pd.DataFrame, ranks: tuple[int, ...]) -> pd.DataFrame:
    """How many images take each rank (columns) in each group (rows)."""
    return pd.DataFrame({rank: (chosen == rank).sum() for rank in ranks})


def published_histogram(rows: pd.DataFrame, dataset: str, ranks: tuple[int, ...]) -> pd.DataFrame:
    """As `histogram`, from the figures of a paper in the long form; empty where it has none for the data set."""
    own = rows[rows["dataset"] == dataset]
    counted = own.pivot_table(index="setting", columns="metric", values="value", sort=False)
    return counted.reindex(columns=[f"images_rank{rank}" for rank in ranks]).set_axis(list(ranks), axis="columns")


def mean_macs(chosen: pd.DataFrame, ranks: tuple[int, ...], lowest: float, highest: float) -> float:
    """Multiply-adds of an image of the profiled size, averaged over what the images choose.

    An expert's are proportional to its rank, so the mean rank tells how far they are between those of the smallest and
    of the largest rank throughout.
    """
    share = (chosen.to_numpy().mean() - ranks[0]) / (ranks[-1] - ranks[0])
    return lowest + share * (highest - lowest)


def routing(
    rows: pd.DataFrame, costs: pd.DataFrame, published: pd.DataFrame, ranks: tuple[int, ...], title: str
) -> tuple[Figure, str]:
    """The figure, a row of panels per data set, and its caption.

    Args:
        rows: of the quality of one run, in the long form.
        costs: of its method at its scale; may be empty.
        published: what the authors' network chooses at its scale, in the long form; may be empty.
        ranks: of the experts, in ascending order.
        title: of the run.
    """
    datasets = list(rows["dataset"].unique())
    size = (7.2, ROW_HEIGHT * len(datasets) + 0.4)
    figure, axes = plt.subplots(len(datasets), 2, squeeze=False, figsize=size, layout="constrained")
    spent, compared = [], []
    for (left, right), dataset in zip(axes, datasets, strict=True):
        own, name = rows[rows["dataset"] == dataset], short(titles.dataset_title(dataset), 22)
        chosen = choices(own)
        theirs = published_histogram(published, dataset, ranks)
        _bars(left, histogram(chosen, ranks), theirs)
        compared += [name] if len(theirs) else []
        left.set_title(f"{name}, {len(chosen)} images")
        difficulty = own[own["metric"] == "difficulty"].set_index("image")["value"]
        _points(right, difficulty.reindex(chosen.index), chosen.mean(axis=1), ranks)
        spent += [f"{name} {words}" for words in _spent(chosen, costs, ranks)]
    handles, labels = axes[0, 0].get_legend_handles_labels()
    if compared:
        handles, labels = [*handles, Patch(facecolor="none", **HATCHED)], [*labels, "the authors' network"]
    figure.legend(handles, labels, loc="outside upper right", ncols=len(labels))
    caption = (
        f"Experts chosen by {title}. Left: how many images take the expert of each rank in each residual group. Right:"
        " the mean rank over the groups against the image's difficulty, the mean plus the standard deviation of its"
        " gradient magnitude."
    )
    if compared:
        caption += (
            f" The paler, hatched bars ({', '.join(compared)}) are those of the authors' own network, read off their"
            " poster to about one image; the plain ones are not of their weights but of a network trained here."
        )
    return figure, f"{caption} Mean multiply-adds: {'; '.join(spent)}." if spent else caption


def _bars(axes: Axes, ours: pd.DataFrame, theirs: pd.DataFrame) -> None:
    """Ours and, where there are any, the authors' counts to the right of them."""
    groups, width = np.arange(1, len(ours) + 1), 0.4 if len(theirs) else 0.8
    colours = plt.get_cmap(CATEGORIES, len(ours.columns))
    below, their_below = np.zeros(len(ours)), np.zeros(len(theirs))
    for index, rank in enumerate(ours):
        colour, values = colours(index), ours[rank].to_numpy()
        axes.bar(groups + (width - 0.8) / 2, values, width, below, color=colour, label=f"rank {rank}")
        below += values
        if len(theirs):
            axes.bar(groups + 0.2, theirs[rank], width, their_below, color=to_rgba(colour, 0.4), **HATCHED)
            their_below += theirs[rank].to_numpy()
    axes.set(xlabel="residual group", ylabel="images", xticks=groups)
    axes.grid(axis="x", visible=False)


def _points(axes: Axes, difficulty: pd.Series, rank: pd.Series, ranks: tuple[int, ...]) -> None:
    axes.scatter(difficulty, rank, s=16, c=BLUE, linewidths=0, alpha=0.7)
    axes.set(xlabel="difficulty of the LR image", ylabel="mean rank", ylim=(ranks[0] - 0.5, ranks[-1] + 0.5))
    # Correlation of ranks in the statistical sense (Spearman); undefined where every image takes the same way.
    if rank.nunique() > 1 and difficulty.nunique() > 1:
        axes.set_title(f"rank correlation {difficulty.corr(rank, method='spearman'):.2f}")


def _spent(chosen: pd.DataFrame, costs: pd.DataFrame, ranks: tuple[int, ...]) -> list[str]:
    bounds = costs[costs["metric"].isin(["macs", "macs_lowest"])].pivot_table(
        index="setting", columns="metric", values="value"
    )
    return [
        f"{mean_macs(chosen, ranks, bound['macs_lowest'], bound['macs']) / 1e9:.2f} G"
        f" ({bound['macs_lowest'] / 1e9:.2f} to {bound['macs'] / 1e9:.2f} G) at {str(setting).replace('lr', 'LR ', 1)}"
        for setting, bound in bounds.iterrows()
    ]

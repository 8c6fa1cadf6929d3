"""Which experts a method of many scales chooses at each of them: stacked shares over the scale."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from resolute.core.layout import Span
from resolute.figures.routing import choices
from resolute.figures.style import CATEGORIES, INK, short
from resolute.measurements import titles

PANEL_HEIGHT = 2.6  # inches


def shares_over_scales(rows: pd.DataFrame, experts: Sequence[str], span: Span, title: str) -> tuple[Figure, str]:
    """The figure, a panel per data set, and its caption.

    Args:
        rows: of the quality of one set of weights at one setting, at all scales, in the long form.
        experts: of the method, the cheapest first.
        span: the scales of the training.
        title: of the weights and the setting.
    """
    datasets = list(rows["dataset"].unique())
    size = (7.2, PANEL_HEIGHT * len(datasets) + 0.4)
    figure, panels = plt.subplots(len(datasets), squeeze=False, figsize=size, layout="constrained")
    for axes, dataset in zip(panels[:, 0], datasets, strict=True):
        own = rows[rows["dataset"] == dataset]
        spent = own.pivot_table(index="scale", columns="metric", values="value", aggfunc="sum")
        _stack(axes, choices(own, experts, by="scale").sort_index(), spent["macs"] / spent["macs_full"], span)
        axes.set_title(short(titles.dataset_title(dataset)))
    handles, labels = panels[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper right", ncols=len(labels))
    caption = (
        f"Experts chosen by {title} at each scale, in percent of all choices. Above a bar, what the images took of the"
        f" multiply-adds of the costliest way. The network was trained at {span}; what is beyond is paler."
    )
    return figure, caption


def _stack(axes: Axes, chosen: pd.DataFrame, spent: pd.Series, span: Span) -> None:
    places, below = np.arange(len(chosen)), np.zeros(len(chosen))
    colours = plt.get_cmap(CATEGORIES, len(chosen.columns))
    inside = [span.low <= scale <= span.high for scale in chosen.index]
    for index, expert in enumerate(chosen):
        bars = axes.bar(places, chosen[expert], 0.8, below, color=colours(index), label=expert)
        for bar, within in zip(bars, inside, strict=True):
            bar.set_alpha(1 if within else 0.5)
        below += chosen[expert].to_numpy()
    for place, scale in zip(places, chosen.index, strict=True):
        axes.text(float(place), 101, f"{spent[scale]:.0%} of MACs", color=INK, size=7.5, ha="center", va="bottom")
    axes.set(xlabel="scale", ylabel="chosen (%)", ylim=(0, 112), yticks=range(0, 101, 25))
    axes.set_xticks(places, [f"x{scale:g}" for scale in chosen.index])
    axes.grid(axis="x", visible=False)

"""What one method gains over another on patches of each difficulty (WBSR, Fig. 5)."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from resolute import registry
from resolute.core.errors import ResoluteError
from resolute.figures.style import CATEGORIES, INK, MUTED, short
from resolute.measurements import titles


def by_category(rows: pd.DataFrame, method: str) -> pd.DataFrame:
    """The PSNR of each category of patches: a row per weights and setting, a column per category.

    Args:
        rows: of one data set and scale, in the long form.
    """
    own = rows[(rows["method"] == method) & rows["metric"].str.fullmatch(r"psnr_category\d+")]
    table = own.pivot_table(index=["weights", "setting"], columns="metric", values="value", sort=False)
    numbers = {name: int(str(name).removeprefix("psnr_category")) for name in table.columns}
    return table.rename(columns=numbers).sort_index(axis="columns")


def gains_of(rows: pd.DataFrame, of: str, over: str) -> pd.DataFrame:
    """By setting of a method (rows) and category (columns), the mean gain in dB over another, weights by weights: over
    the same setting of the other where it has it, else over its default.

    Raises:
        ResoluteError: the two have no weights in common.
    """
    one, other = by_category(rows, of), by_category(rows, over)
    default = registry.entry(over).setting()
    pairs = [
        ((weights, setting), (weights, setting if (weights, setting) in other.index else default))
        for weights, setting in one.index
    ]
    known = [(own, theirs) for own, theirs in pairs if theirs in other.index]
    if not known:
        raise ResoluteError(f"figures.gains: {of} and {over} have no weights in common, or too few patches to compare")
    return pd.DataFrame(
        [one.loc[own] - other.loc[theirs] for own, theirs in known],
        index=pd.Index([setting for (_, setting), _ in known], name="setting"),
    )


def gains(rows: pd.DataFrame, of: str, over: str, dataset: str, scale: float) -> tuple[Figure, str]:
    """The figure and its caption.

    Args:
        rows: of one data set and scale, in the long form.
        of, over: the methods.
    """
    found = gains_of(rows, of, over)
    means, default = found.groupby(level=0, sort=False).mean(), registry.entry(of).setting()
    seeds = int(found.groupby(level=0).size().max())
    spread = found.groupby(level=0, sort=False).std().loc[default] if seeds > 1 else None
    figure, axes = plt.subplots(figsize=(7.2, 3.4), layout="constrained")
    colours = plt.get_cmap(CATEGORIES, len(means.columns))
    shown = means.loc[default]
    axes.bar(shown.index, shown, 0.72, yerr=spread, color=[colours(number) for number in range(len(shown))], capsize=3)
    for number, row in enumerate(means.drop(index=default).itertuples(index=False, name=None)):
        label = "its other settings" if number == 0 else None
        axes.plot(means.columns, row, linestyle="", marker="_", markersize=9, color=MUTED, label=label)
    axes.axhline(0, color=INK, linewidth=0.8)
    axes.set_xticks(shown.index)
    axes.grid(axis="x", visible=False)
    axes.set(xlabel="category of the patches (1 easiest)", ylabel="gain in PSNR (dB)")
    axes.set_title(f"{short(titles.method_title(of, default), 60)}\nover {short(titles.method_title(over), 60)}")
    if len(means) > 1:
        axes.legend(loc="best")
    counts = rows[(rows["method"] == of) & rows["metric"].str.fullmatch(r"patches_category\d+")]["value"]
    several = f" Means over {seeds} seeds, with their standard deviation." if seeds > 1 else ""
    caption = (
        f"PSNR of {titles.method_title(of)} minus that of {titles.method_title(over)} on the patches of"
        f" {titles.dataset_title(dataset)} at x{scale:g}, by difficulty. Patches of 32 x 32 LR pixels are sorted by the"
        " mean plus the standard deviation of their gradient magnitude, the column difficulty of patch indices, into"
        f" ten HES categories of equally many ({counts.min():.0f} or more). PSNR is that of the mean squared error of"
        " luma over all patches of a category. Bars are of the default setting, at which both are compared; strokes of"
        f" the others.{several}"
    )
    return figure, caption

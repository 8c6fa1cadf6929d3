"""How hard the patches of a data set are: categories on a photograph, and the distribution of difficulty."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import BoundaryNorm, Colormap, to_hex
from matplotlib.figure import Figure

from resolute.core.errors import ResoluteError
from resolute.figures.style import BLUE, CATEGORIES, INK, short

BINS = 80
MOST_CATEGORIES = 1000
# Columns of the patch index by which patches are told apart: what each is, and its axis.
SCORES = {
    "difficulty": (
        "WBSR's and HES's: mean plus standard deviation of the gradient magnitude of the LR patch",
        "levels",
    ),
    "edge": ("ARM's: mean of the absolute Laplacian of the LR patch", "levels"),
    "informative": ("SamplingAug's: PSNR of bilinear enlargement against the HR patch, the hardest at the left", "dB"),
}
PLACES = ["row", "column", "size", "category"]


@dataclass(frozen=True)
class Scale:
    """Colours of the categories 1 to `count`."""

    count: int

    @property
    def colours(self) -> Colormap:
        return plt.get_cmap(CATEGORIES, self.count)

    @property
    def norm(self) -> BoundaryNorm:
        return BoundaryNorm(np.arange(self.count + 1) + 0.5, self.count)

    def bar(self, figure: Figure, axes: Axes | list[Axes]) -> None:
        """The key to the colours, beside the axes."""
        mappable = ScalarMappable(self.norm, self.colours)
        bar = figure.colorbar(mappable, ax=axes, ticks=range(1, self.count + 1), aspect=30, pad=0.02)
        bar.set_label(f"category: 1 easiest, {self.count} hardest")
        bar.outline.set_visible(False)
        bar.ax.tick_params(size=0)


def read_index(path: Path, image: str, side: int) -> pd.DataFrame:
    """What the figures show of a patch index; one without patches, or with impossible ones, is a ValueError.

    Args:
        path: the index.
        image: the one whose patches are drawn, `side` pixels long at its longer side.
    """
    index = pd.read_parquet(path, columns=["image", *PLACES, *SCORES])
    places = index[PLACES].astype("int64")
    drawn = places[index["image"] == image].to_numpy()
    if index.empty or places.to_numpy().min() < 0 or places[["size", "category"]].to_numpy().min() < 1:
        raise ValueError("it holds no patches, or impossible ones")
    if places["category"].max() > MOST_CATEGORIES or (drawn.size and drawn.max() > side):
        raise ValueError("a patch lies beyond its image, or a category beyond all others")
    if not np.isfinite(index[list(SCORES)].astype(float)).all(axis=None):
        raise ValueError("a score is not finite")
    return index


def category_map(patches: pd.DataFrame, height: int, width: int) -> np.ma.MaskedArray:
    """The mean category of the patches that cover each LR pixel, as a whole number; masked where none does.

    Args:
        patches: one image's rows of the patch index.
        height, width: of the LR image in pixels.

    Returns:
        height x width, masked float64.
    """
    total, covered = np.zeros((height, width)), np.zeros((height, width))
    for row, column, size, category in patches[["row", "column", "size", "category"]].itertuples(index=False):
        window = slice(row, row + size), slice(column, column + size)
        total[window] += category
        covered[window] += 1
    mean = np.divide(total, covered, where=covered > 0, out=np.zeros_like(total))
    return np.ma.masked_where(covered == 0, np.rint(mean))


def overlay(patches: pd.DataFrame, photograph: np.ndarray, image: str, dataset: str) -> tuple[Figure, str]:
    """The photograph, and beside it its patches' categories laid over it; with the caption.

    Args:
        patches: the patch index of the data set.
        photograph: the HR (or LR) image, H x W x 3, uint8.
        image: its name in the index.
        dataset: the data set's title, for the caption.

    Raises:
        ResoluteError: the index has no patches of this image.
    """
    own = patches[patches["image"] == image]
    if own.empty:
        known = ", ".join(sorted(patches["image"].unique())[:10])
        raise ResoluteError(f"figures.photographs: the patch index has no image '{image}': it has {known}")
    height, width = (int((own[side] + own["size"]).max()) for side in ("row", "column"))
    scale = Scale(int(patches["category"].max()))
    shape = photograph.shape[0] / photograph.shape[1]
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.2, 3.3 * shape + 0.4), layout="constrained")
    grey = photograph.mean(axis=2)
    left.imshow(photograph, extent=(0, width, height, 0))
    right.imshow(grey, extent=(0, width, height, 0), cmap="gray", vmin=0, vmax=255)
    categories = category_map(own, height, width)
    right.imshow(categories, cmap=scale.colours, norm=scale.norm, alpha=0.62, interpolation="nearest")
    left.set_title("photograph")
    right.set_title("categories of its patches")
    for axes in (left, right):
        axes.set_axis_off()
    scale.bar(figure, right)
    size = int(own["size"].iloc[0])
    caption = (
        f"HES patch categories of '{image}' ({dataset}), column category of the patch index: each LR patch of {size}"
        f" x {size} pixels is sorted by its difficulty, the mean plus the standard deviation of the gradient magnitude,"
        " into categories of equally many patches over the whole data set. Where patches overlap, the colour is their"
        " mean category."
    )
    return figure, caption


def histogram_data(patches: pd.DataFrame, dataset: str) -> dict[str, Any]:
    """The histogram's bins for a chart: `counts` of each category between `edges`, and the categories' colours."""
    scale = Scale(int(patches["category"].max()))
    edges = np.histogram_bin_edges(patches["difficulty"], BINS)
    groups = [patches.loc[patches["category"] == k + 1, "difficulty"] for k in range(scale.count)]
    return {
        "title": f"{len(patches):,} patches of {short(dataset)}".replace(",", " "),
        "size": int(patches["size"].iloc[0]),
        "edges": edges.round(2).tolist(),
        "counts": [np.histogram(group, edges)[0].tolist() for group in groups],
        "colours": [to_hex(scale.colours(k)) for k in range(scale.count)],
    }


def histogram(patches: pd.DataFrame, dataset: str) -> tuple[Figure, str]:
    """The distribution of difficulty with the borders of the categories; with the caption."""
    scale = Scale(int(patches["category"].max()))
    figure, axes = plt.subplots(figsize=(7.2, 3.2), layout="constrained")
    groups = [patches.loc[patches["category"] == k + 1, "difficulty"] for k in range(scale.count)]
    colours = [scale.colours(k) for k in range(scale.count)]
    axes.hist(groups, bins=BINS, stacked=True, color=colours, linewidth=0)
    for group in groups[:-1]:
        if len(group):
            axes.axvline(group.max(), color=INK, linewidth=0.6, linestyle=(0, (2, 2)))
    axes.set(xlabel="difficulty (gradient mean + standard deviation, levels of luma)", ylabel="patches")
    axes.set_title(f"{len(patches):,} patches of {short(dataset)}".replace(",", " "))
    axes.grid(axis="x", visible=False)
    axes.margins(x=0.01)
    scale.bar(figure, axes)
    size = int(patches["size"].iloc[0])
    caption = (
        f"Difficulty of the {size} x {size} LR patches of {dataset}, column difficulty of the patch index: mean plus"
        f" standard deviation of the gradient magnitude. Dashed lines are the borders between the {scale.count} HES"
        " categories, which hold equally many patches each."
    )
    return figure, caption


def scores(patches: pd.DataFrame, dataset: str) -> tuple[Figure, str]:
    """How patches are distributed by each score of the index: their long tails; with the caption."""
    figure, panels = plt.subplots(1, len(SCORES), figsize=(7.2, 2.7), sharey=True, layout="constrained")
    for axes, (column, (_, unit)) in zip(panels, SCORES.items(), strict=True):
        values = patches[column].to_numpy(float)
        axes.hist(values, BINS // 2, color=BLUE, linewidth=0)
        middle = float(np.median(values))
        axes.axvline(middle, color=INK, linewidth=0.8, linestyle=(0, (2, 2)))
        upper = (values > (values.min() + values.max()) / 2).mean()
        harder = 1 - upper if column == "informative" else upper
        axes.set_title(f"{column}\n{harder:.0%} in the harder half", size=9, weight="normal")
        axes.set_xlabel(f"{column} ({unit})")
        axes.grid(axis="x", visible=False)
    panels[0].set_ylabel("patches")
    columns = "; ".join(f"column {column}, {words}" for column, (words, _) in SCORES.items())
    size = int(patches["size"].iloc[0])
    caption = (
        f"How the {len(patches)} LR patches of {size} x {size} pixels of {dataset} are distributed by each score of"
        f" the patch index ({columns}). The dashed line is the median; above each panel, how many patches lie in the"
        " harder half of the range. A long tail of few hard patches is what WBSR's Fig. 1a shows of DIV2K."
    )
    return figure, caption

"""One image by every method: the same crop beside the original, and the error of each; or beside the LR image alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from PIL import Image

from resolute.figures.crops import ERROR_COLOURS, LARGEST_ERROR, Crop, data_uri, error_map
from resolute.figures.style import VERMILLION, short

COLUMNS, MOST = 5, 9  # views beside each other, and views in all besides the original: a figure is no catalogue
WIDTH, OVERVIEW_HEIGHT = 7.2, 2.2  # inches
TITLE = 120  # characters that fit into the width
OVERVIEW = 480  # pixels of the whole image's longer side


@dataclass(frozen=True)
class View:
    """What a run makes of the image: H x W x 3, uint8; PSNR in dB of the whole image, None where not measured, or
    where the image is `equal` to the original.
    """

    method: str
    title: str
    weights: str
    pixels: np.ndarray
    psnr: float | None
    equal: bool = False

    def label(self, limit: int) -> str:
        """What stands above it; of a long title so many characters."""
        measured = "equal" if self.equal else "" if self.psnr is None else f"{self.psnr:.2f} dB"
        return short(self.title, limit) + (f"\n{measured}" if measured else "")


@dataclass(frozen=True)
class Beside:
    """What the views stand beside, H x W x 3, uint8: the original, or the LR image `enlarged` where there is none."""

    pixels: np.ndarray
    is_original: bool

    @property
    def title(self) -> str:
        return "original (HR)" if self.is_original else "LR image"


def strip(beside: Beside, views: Sequence[View], crop: Crop, subject: str, protocol: str) -> tuple[Figure, str]:
    """The figure and its caption.

    Args:
        beside: the original, to which errors are shown, or the LR image.
        views: the baseline first, then the better ones first.
        crop: shown of each.
        subject: image, data set and scale in words.
        protocol: of the PSNRs.
    """
    shown = views[:MOST]
    columns = min(COLUMNS, len(shown) + 1)
    rows = -(-(len(shown) + 1) // columns)
    side = WIDTH / columns * crop.height / crop.width
    heights = [side + 0.4, side] if beside.is_original else [side + 0.4]  # of a view, and of its error
    total = OVERVIEW_HEIGHT + rows * (sum(heights) + 0.1) + 0.5
    figure = plt.figure(figsize=(WIDTH, total), layout="constrained")
    down = len(heights)
    grid = figure.add_gridspec(1 + down * rows, columns, height_ratios=[OVERVIEW_HEIGHT, *heights * rows])
    _overview(figure.add_subplot(grid[0, :]), beside.pixels, crop, subject)
    panels = {place: figure.add_subplot(grid[place]) for place in np.ndindex(1 + down * rows, columns) if place[0]}
    for panel in panels.values():
        panel.set_axis_off()
    _show(panels[1, 0], crop.of(beside.pixels), beside.title)
    for number, view in enumerate(shown, start=1):
        row, column = 1 + down * (number // columns), number % columns
        _show(panels[row, column], crop.of(view.pixels), view.label(TITLE // columns))
        if beside.is_original:
            _show(panels[row + 1, column], error_map(crop.of(view.pixels), crop.of(beside.pixels)), "")
    if beside.is_original:
        _colour_bar(figure, list(panels.values()))
    return figure, _caption(beside, subject, protocol, crop, len(views), len(shown))


def _overview(axes: Axes, image: np.ndarray, crop: Crop, subject: str) -> None:
    axes.imshow(image)
    axes.add_patch(Rectangle(crop[:2], crop.width, crop.height, fill=False, edgecolor=VERMILLION, linewidth=1.5))
    axes.set_title(short(subject))
    axes.set_axis_off()
    axes.set_anchor("W")


def _colour_bar(figure: Figure, panels: list[Axes]) -> None:
    scale = ScalarMappable(Normalize(0, LARGEST_ERROR), ERROR_COLOURS)
    bar = figure.colorbar(scale, ax=panels, location="bottom", shrink=0.4, aspect=40, pad=0.02)
    bar.set_label("error, levels of luma")
    bar.outline.set_visible(False)


def _show(axes: Axes, image: np.ndarray, title: str) -> None:
    axes.imshow(image, interpolation="nearest")
    axes.set_title(title, size=8.5, weight="normal")


def _caption(beside: Beside, subject: str, protocol: str, crop: Crop, views: int, shown: int) -> str:
    what = f"{subject}: the same {crop.width} x {crop.height} pixels of"
    if not beside.is_original:
        left_out = f" {shown} of {views} are shown." if shown < views else ""
        return f"{what} the LR image and of every method, enlarged without smoothing. There is no original.{left_out}"
    left_out = f" The {shown} of {views} with the best PSNR are shown." if shown < views else ""
    return (
        f"{what} the original and of every method, enlarged without"
        " smoothing, and below each the absolute error of its luma. PSNR is of the whole image, protocol"
        f" {protocol}.{left_out}"
    )


def as_data(beside: Beside, views: Sequence[View], crop: Crop) -> dict[str, Any]:
    """All views as images for a page, with what is to be said of each."""
    size = beside.pixels.shape[1], beside.pixels.shape[0]
    whole = Image.fromarray(beside.pixels)
    whole.thumbnail((OVERVIEW, OVERVIEW))
    return {
        "size": size,
        "crop": crop,
        "whole": data_uri(np.asarray(whole), exact=False),
        "original" if beside.is_original else "lr": data_uri(crop.of(beside.pixels)),
        "largest_error": LARGEST_ERROR,
        "views": [_view(view, beside, crop) for view in views],
    }


def _view(view: View, beside: Beside, crop: Crop) -> dict[str, Any]:
    shown = crop.of(view.pixels)
    data = {
        "method": view.method,
        "title": view.title,
        "weights": view.weights,
        "psnr": view.psnr,
        "equal": view.equal,
        "image": data_uri(shown),
    }
    return {**data, "error": data_uri(error_map(shown, crop.of(beside.pixels)))} if beside.is_original else data

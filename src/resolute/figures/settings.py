"""A dynamic method's operating points on one image: which expert took which pixel, and what that gave and cost."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from PIL import Image

from resolute.figures.crops import data_uri
from resolute.figures.style import CATEGORIES, short

COLUMNS, WIDTH = 4, 7.2  # panels beside each other, inches
SIDE = 640  # pixels of the photograph's longer side
OPACITY = 0.6  # of a map over the photograph
LIGHTEST = 0.95  # of the colour scale: its end would be lost on a white page


@dataclass(frozen=True)
class OperatingPoint:
    """A setting on an image.

    Attributes:
        routes: the number of the expert that each LR pixel (h x w) or SR pixel (sh x sw) took.
        chosen: how many patches or pixels each expert took, in the order of the experts.
        psnr: in dB; None where it is infinite or not measured.
        macs: of the image.
        seconds: of upscaling it.
    """

    setting: str
    routes: np.ndarray
    chosen: Sequence[int]
    psnr: float | None
    macs: float
    seconds: float


@dataclass(frozen=True)
class Experts:
    """What a method chooses from, the cheapest first: names, and the multiply-adds of the image by each alone."""

    names: Sequence[str]
    macs: Sequence[float]

    @property
    def colours(self) -> list[str]:
        scale = plt.get_cmap(CATEGORIES)
        return [to_hex(scale(number * LIGHTEST / max(1, len(self.names) - 1))) for number in range(len(self.names))]

    def share(self, macs: float) -> float:
        """Of the costliest expert's."""
        return macs / max(self.macs)


def maps(photograph: np.ndarray, experts: Experts, points: Sequence[OperatingPoint]) -> Figure:
    """A panel per setting, by rising cost, and the photograph.

    Args:
        photograph: H x W x 3, uint8.
    """
    rows = -(-(len(points) + 1) // COLUMNS)
    side = WIDTH / COLUMNS * photograph.shape[0] / photograph.shape[1]
    figure, panels = plt.subplots(
        rows, COLUMNS, squeeze=False, figsize=(WIDTH, rows * (side + 0.45) + 0.5), layout="constrained"
    )
    small = reduced(photograph)
    colours = np.array([to_rgb(colour) for colour in experts.colours])
    extent = (0, 1, 1, 0)
    for axes in panels.flat:
        axes.set_axis_off()
    panels[0, 0].imshow(small, extent=extent)
    panels[0, 0].set_title("photograph\n", size=7.2, weight="normal")
    for axes, point in zip(panels.flat[1:], points, strict=False):
        axes.imshow(small.mean(axis=2), extent=extent, cmap="gray", vmin=0, vmax=255)
        axes.imshow(colours[point.routes], extent=extent, alpha=OPACITY, interpolation="nearest")
        psnr = "" if point.psnr is None else f"{point.psnr:.2f} dB, "
        words = f"{psnr}{experts.share(point.macs):.0%} of MACs, {point.seconds:.2g} s"
        axes.set_title(f"{point.setting}\n{words}", size=7.2, weight="normal")
    for axes in panels.flat[: len(points) + 1]:
        axes.set_aspect(photograph.shape[0] / photograph.shape[1])
    keys = [Patch(facecolor=colour) for colour in experts.colours]
    legend = [f"{name}, {macs / 1e9:.3g} G" for name, macs in zip(experts.names, experts.macs, strict=True)]
    figure.legend(keys, legend, loc="outside lower center", ncols=min(5, len(keys)), fontsize=8)
    return figure


def caption(subject: str, title: str, protocol: str, timing: str) -> str:
    """What the figure shows; the protocol is empty where there are no PSNRs."""
    psnr = f" PSNR is of the whole image, protocol {protocol}." if protocol else ""
    return (
        f"Which expert of {title} each part of {subject} took, at each of its settings by rising cost. The legend has"
        f" the multiply-adds of the whole image by each expert alone; a share is of the costliest one's.{psnr}"
        " Seconds are those of the quickest of several upscalings, from LR pixels to SR pixels in memory, cutting and"
        f" choosing included, on {short(timing, 80)}."
    )


def as_data(photograph: np.ndarray, experts: Experts, points: Sequence[OperatingPoint]) -> dict[str, Any]:
    """The same for a page, in which the maps lie over the photograph."""
    small = reduced(photograph)
    palette = np.array([to_rgb(colour) for colour in experts.colours]) * 255
    described = zip(experts.names, experts.macs, experts.colours, strict=True)
    return {
        "size": [small.shape[1], small.shape[0]],
        "photograph": data_uri(small, exact=False),
        "experts": [{"name": name, "macs": macs, "colour": colour} for name, macs, colour in described],
        "points": [
            {
                "setting": point.setting,
                "psnr": point.psnr,
                "macs": point.macs,
                "share": experts.share(point.macs),
                "seconds": point.seconds,
                "chosen": [int(times) for times in point.chosen],
                "map": data_uri(np.rint(palette[point.routes]).astype(np.uint8)),
            }
            for point in points
        ],
    }


def reduced(photograph: np.ndarray) -> np.ndarray:
    """The photograph, no longer than `SIDE` pixels."""
    image = Image.fromarray(photograph)
    image.thumbnail((SIDE, SIDE))
    return np.asarray(image)

"""Drawing and writing all figures."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from resolute import summary
from resolute.core import layout
from resolute.core.errors import ResoluteError
from resolute.figures.difficulty import histogram, overlay
from resolute.figures.style import save, style
from resolute.figures.tradeoff import tradeoff
from resolute.images.files import read_image, to_rgb

FIGURES = {
    "psnr_macs": "PSNR against multiply-adds",
    "patch_categories": "Patch categories on a photograph",
    "patch_difficulty": "Difficulty of patches",
}
"""The figures' names and titles."""


@dataclass(frozen=True)
class Photograph:
    """An image of a data set whose patches are shown.

    `name` is its name in the data set's patch index `patches`, `file` its HR (or LR) image.
    """

    dataset: str
    name: str
    file: Path
    patches: Path


def make_figures(measured: Sequence[Path], protocol: str, photograph: Photograph | None) -> None:
    """Write `reports/figures/<name>.{svg,png}` for the names in `FIGURES`.

    Args:
        measured: the measurement files of the runs to plot.
        protocol: the evaluation protocol of the PSNRs.
        photograph: what the figures about patches show; they are left out without one.

    Raises:
        ResoluteError: a file is not there, or the patch index has no such image.
    """
    means = summary.means(summary.load(measured))
    with style():
        drawn = {"psnr_macs": tradeoff(means, protocol), **(_patch_figures(photograph) if photograph else {})}
        for name, (figure, caption) in drawn.items():
            save(figure, layout.figures(), name, FIGURES[name], caption)
            plt.close(figure)


def _patch_figures(photograph: Photograph) -> dict[str, tuple[Figure, str]]:
    if not photograph.patches.is_file():
        name = layout.relative(photograph.patches)
        raise ResoluteError(f"{name} is not there: run `resolute patches {photograph.dataset}`")
    index, title = pd.read_parquet(photograph.patches), summary.dataset_title(photograph.dataset)
    pixels = to_rgb(read_image(photograph.file))
    return {
        "patch_categories": overlay(index, pixels, photograph.name, title),
        "patch_difficulty": histogram(index, title),
    }

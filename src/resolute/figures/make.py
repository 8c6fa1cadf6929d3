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


@dataclass(frozen=True)
class Photograph:
    """An image of a data set whose patches are shown.

    `name` is its name in the data set's patch index `patches`, `file` its HR (or LR) image.
    """

    dataset: str
    name: str
    file: Path
    patches: Path


def draw_tradeoff(measured: Sequence[Path], protocol: str) -> None:
    """Write `reports/figures/psnr_macs.{svg,png}`: quality against cost.

    Args:
        measured: the measurement files of the runs to plot.
        protocol: the evaluation protocol of the PSNRs.

    Raises:
        ResoluteError: a file is not there.
    """
    means = summary.means(summary.load(measured))
    with style():
        _save("psnr_macs", "PSNR against multiply-adds", *tradeoff(means, protocol))


def draw_patches(photograph: Photograph) -> None:
    """Write `patch_categories_<name>` and `patch_difficulty_<name>`: how hard a photograph's patches are.

    Raises:
        ResoluteError: a file is not there, or the patch index has no such image.
    """
    if not photograph.patches.is_file():
        name = layout.relative(photograph.patches)
        raise ResoluteError(f"{name} is not there: run `resolute patches {photograph.dataset}`")
    index, title = pd.read_parquet(photograph.patches), summary.dataset_title(photograph.dataset)
    pixels = to_rgb(read_image(photograph.file))
    with style():
        categories = overlay(index, pixels, photograph.name, title)
        _save(f"patch_categories_{photograph.name}", "Patch categories on a photograph", *categories)
        _save(f"patch_difficulty_{photograph.name}", "Difficulty of patches", *histogram(index, title))


def _save(name: str, title: str, figure: Figure, caption: str) -> None:
    save(figure, layout.figures(), name, title, caption)
    plt.close(figure)

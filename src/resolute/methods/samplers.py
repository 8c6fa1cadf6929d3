"""Which patches a training step sees, by name.

A sampler is given the random generator of the step, all columns of the patch index by name (`difficulty`, `category`
and so on, one value per patch; `resolute.patches.make` lists them, and `psnr` is one where a trained network has scored
the patches) and how many patches to draw; it returns their row numbers. It may draw a patch more than once.
"""

from typing import Annotated

import numpy as np

from resolute.core.choices import Choices
from resolute.core.errors import ResoluteError
from resolute.images.pack import Columns

CATEGORIES = {"quantile": "category", "equal_width": "category_equal_width"}
CLASSES = ("hard", "medium", "easy")
DECIBELS = (27.16882, 35.149761)  # where the hard class of DIV2K's patches ends, and where the easy one begins


def uniform(generator: np.random.Generator, patches: Columns, count: int) -> np.ndarray:
    """Every patch alike."""
    return generator.integers(len(patches["image"]), size=count)


def hes(
    generator: np.random.Generator,
    patches: Columns,
    count: int,
    *,
    thresholds: Annotated[str, {"enum": list(CATEGORIES)}] = "quantile",
    delta: Annotated[float, {"exclusiveMinimum": 0, "maximum": 1}] = 0.9,
) -> np.ndarray:
    """The class level of hierarchical equalization sampling (WBSR, NeurIPS 2024, section 4.1.1).

    A category is drawn by its chance, then a patch of it uniformly. The paper's Eq. 8 is not normalised, leaves delta
    open and allows two readings, as its Eq. 7 does; `chances` says what each makes of delta.
    """
    category = patches[CATEGORIES[thresholds]]
    present, size, order = patches.once(("hes", thresholds), lambda _: _grouped(category))
    drawn = generator.choice(len(present), size=count, p=chances(present, size, thresholds, delta))
    first = size.cumsum() - size
    return order[first[drawn] + generator.integers(size[drawn])]


def chances(category: np.ndarray, size: np.ndarray, thresholds: str, delta: float) -> np.ndarray:
    """How likely HES draws each category; their sum is 1.

    Categories between quantiles are equally full, so that of Eq. 8 only delta^-k is left, k = 1 the easiest: 0.9 makes
    the hardest of ten 2.6 times as likely as the easiest. Of categories of equal width the hardest are all but empty;
    delta then tempers the inverse of their sizes, N_k^-delta: of the 14 hardest among 22,194 patches of DIV2K's
    validation images it makes 29 % of all draws at 0.3, 47 % at 0.5, 78 % at 1.

    Args:
        category: k of every category that has a patch.
        size: the number N_k of its patches.
    """
    odds = size ** -float(delta) if thresholds == "equal_width" else delta ** -category.astype(float)
    return odds / odds.sum()


def sampling_aug(
    generator: np.random.Generator,
    patches: Columns,
    count: int,
    *,
    share: Annotated[float, {"exclusiveMinimum": 0, "maximum": 1}] = 0.1,
) -> np.ndarray:
    """The most informative `share` of every image's patches, uniformly (SamplingAug, BMVC 2021; there 0.1).

    At least one patch of every image. The paper's other two ways, non-maximum suppression and dart throwing, are not
    here.
    """
    hardest = patches.once(("sampling_aug", share), lambda columns: _hardest(columns, share))
    return hardest[generator.integers(len(hardest), size=count)]


def psnr_class(
    generator: np.random.Generator,
    patches: Columns,
    count: int,
    *,
    of: Annotated[str, {"enum": list(CLASSES)}] = "hard",
    thresholds: Annotated[str, {"enum": ["decibels", "terciles"]}] = "decibels",
) -> np.ndarray:
    """One of three classes by the PSNR that a trained network reaches, uniformly (ClassSR, CVPR 2021).

    They end at 27.16882 and 35.149761 dB, by which the paper's network and patches fall in equal parts; `terciles`
    makes them equal whatever the network and the patches are. Which network it is a recipe says as `scored_by`.
    """
    rows = patches.once(("psnr_class", of, thresholds), lambda columns: _of_class(columns, of, thresholds))
    return rows[generator.integers(len(rows), size=count)]


def psnr_classes(psnr: np.ndarray, thresholds: str) -> np.ndarray:
    """The class of each patch, as its place in `CLASSES`; a patch on a threshold belongs to the easier one."""
    borders = DECIBELS if thresholds == "decibels" else np.quantile(psnr, (1 / 3, 2 / 3))
    return np.searchsorted(borders, psnr, side="right")


def _of_class(patches: Columns, of: str, thresholds: str) -> np.ndarray:
    """The rows of a class of patches by their PSNR."""
    if "psnr" not in patches:
        raise ResoluteError(
            "sampler psnr_class needs the PSNR of the patches: name a trained method as the recipe's scored_by"
        )
    rows = np.flatnonzero(psnr_classes(patches["psnr"], thresholds) == CLASSES.index(of))
    if not len(rows):
        least, most = patches["psnr"].min(), patches["psnr"].max()
        raise ResoluteError(
            f"sampler psnr_class finds no patch that is {of} by {thresholds} among those from {least:.2f} to "
            f"{most:.2f} dB: " + ("choose thresholds: terciles" if thresholds == "decibels" else "train on more images")
        )
    return rows


def _grouped(category: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Which categories there are, how many patches each has, and the rows of all, category by category."""
    present, size = np.unique(category, return_counts=True)
    return present, size, np.argsort(category, kind="stable")


def _hardest(patches: Columns, share: float) -> np.ndarray:
    """The rows of the most informative patches of every image: those whose bilinear SR has the lowest PSNR."""
    order = np.lexsort((patches["informative"], patches["image"]))
    image = patches["image"][order]
    _, first, number, size = np.unique(image, return_index=True, return_inverse=True, return_counts=True)
    rank = np.arange(len(order)) - first[number]
    return order[rank < np.maximum(1, np.rint(share * size))[number]]


SAMPLERS = Choices("sampler", {"uniform": uniform, "hes": hes, "sampling_aug": sampling_aug, "psnr_class": psnr_class})

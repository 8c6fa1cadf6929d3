"""How hard a patch is to super-resolve, from its own LR pixels alone.

Hierarchical equalization sampling (WBSR, "Rethinking Imbalance in Image Super-Resolution for Efficient
Inference", NeurIPS 2024, section 4.1.1) sorts patches by the mean and standard deviation of their gradient
magnitude and cuts the order into K categories. The paper names no gradient operator and no ordering of the
pair; taken here: Sobel on the LR luma with reflected edge, and the sum of mean and standard deviation. Eq. 7 makes
the borders of the categories quantiles; equally spaced ones, under which the hardest categories are the emptiest, fit
the paper's Eq. 8 as well: both are kept, and samplers say which they mean.
"""

import numpy as np

from resolute.images.edges import grey, laplacian
from resolute.images.gradients import gradient_magnitude


def gradient_scores(lr: np.ndarray, rows: np.ndarray, columns: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of the gradient magnitude within patches.

    The gradients are those of the whole image, so that a patch's score does not depend on its border.

    Args:
        lr: h x w x 3 or h x w, uint8.
        rows, columns: the patches' top left corners in LR pixels.
        size: side of the patches in LR pixels.
    """
    magnitude = gradient_magnitude(lr)
    patches = np.lib.stride_tricks.sliding_window_view(magnitude, (size, size))[rows, columns]
    return patches.mean(axis=(1, 2)), patches.std(axis=(1, 2))


def edge_scores(lr: np.ndarray, rows: np.ndarray, columns: np.ndarray, size: int) -> np.ndarray:
    """ARM's edge score of patches, each mirrored about its own border (`resolute.images.edges`), 0 to 255."""
    windows = np.lib.stride_tricks.sliding_window_view(grey(lr), (size, size))
    return laplacian(windows[rows, columns]).mean(axis=(1, 2))


def quantiles(difficulty: np.ndarray, categories: int) -> np.ndarray:
    """The upper borders of all categories but the hardest, equally many patches in each (Eq. 7 of WBSR)."""
    return np.quantile(difficulty, np.arange(1, categories) / categories)


def equal_widths(difficulty: np.ndarray, categories: int) -> np.ndarray:
    """The upper borders of all categories but the hardest, equally far apart between the easiest and hardest patch."""
    return np.linspace(difficulty.min(), difficulty.max(), categories + 1)[1:-1]


def categorise(difficulty: np.ndarray, borders: np.ndarray) -> np.ndarray:
    """The HES category of each patch, 1 (easiest) to K (hardest); a patch on a border is the easier one."""
    return np.searchsorted(borders, difficulty, side="left") + 1

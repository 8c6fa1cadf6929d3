"""Gradients of images, by which stages tell how hard they are."""

import numpy as np
from scipy import ndimage

from resolute.images.colour import luma
from resolute.images.files import to_rgb


def gradient_magnitude(lr: np.ndarray) -> np.ndarray:
    """Sobel gradient magnitude of an image's luma.

    Args:
        lr: h x w x 3 or h x w, uint8.

    Returns:
        h x w, float64, in luma levels (a unit step edge gives 4).
    """
    y = luma(to_rgb(lr))
    return np.hypot(ndimage.sobel(y, axis=0, mode="reflect"), ndimage.sobel(y, axis=1, mode="reflect"))


def gradient_score(patches: np.ndarray) -> np.ndarray:
    """How hard patches are by the measure that they are sorted by: mean plus standard deviation of their gradients.

    Args:
        patches: N x h x w x 3, uint8, each by itself: its border is mirrored.

    Returns:
        N, float64, in luma levels.
    """
    y = luma(patches)
    # `ndimage.sobel` smooths along every other axis, from patch to patch too.
    slopes = (ndimage.correlate1d(y, (-1, 0, 1), axis, mode="reflect") for axis in (1, 2))
    across, down = (
        ndimage.correlate1d(slope, (1, 2, 1), axis, mode="reflect") for slope, axis in zip(slopes, (2, 1), strict=True)
    )
    magnitude = np.hypot(across, down)
    return magnitude.mean(axis=(1, 2)) + magnitude.std(axis=(1, 2))

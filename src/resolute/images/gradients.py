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

"""Peak signal-to-noise ratio."""

import math

import numpy as np
from numpy.typing import NDArray

PEAK = 255.0


def psnr(sr: NDArray, hr: NDArray) -> float:
    """PSNR in dB over all values of two arrays of equal shape, in float64.

    Args:
        sr, hr: 0..255, any dtype and shape.

    Returns:
        10 log10(255^2 / MSE); infinity where the arrays are equal.
    """
    mse = float(np.mean(np.square(sr.astype(np.float64) - hr)))
    return math.inf if mse == 0 else 10 * math.log10(PEAK**2 / mse)

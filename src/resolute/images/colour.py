"""The luma of RGB images, as the super-resolution papers take it."""

import numpy as np
from numpy.typing import NDArray

# MATLAB's rgb2ycbcr (ITU-R BT.601, studio range): Y = 16 + (65.481 R + 128.553 G + 24.966 B) / 255
LUMA_WEIGHTS = np.array([65.481, 128.553, 24.966]) / 255
LUMA_OFFSET = 16.0


def luma(rgb: NDArray) -> NDArray[np.float64]:
    """Y of MATLAB's YCbCr, not rounded.

    Args:
        rgb: ... x 3, 0..255, any dtype.

    Returns:
        float64 without the last axis, 16..235.
    """
    return rgb.astype(np.float64) @ LUMA_WEIGHTS + LUMA_OFFSET

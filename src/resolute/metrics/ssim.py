"""Structural similarity (Wang et al., IEEE TIP 2004)."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from resolute.core.errors import ResoluteError

RADIUS = 5  # an 11 x 11 window
SIGMA = 1.5
C1 = (0.01 * 255) ** 2
C2 = (0.03 * 255) ** 2

STRIP = 16  # rows of the SSIM map that are computed at a time: their intermediate arrays stay in the cache

_offsets = np.arange(-RADIUS, RADIUS + 1)
_gaussian = np.exp(-(_offsets**2) / (2 * SIGMA**2))
_gaussian /= _gaussian.sum()


def ssim(sr: NDArray, hr: NDArray) -> float:
    """Mean SSIM: Gaussian window 11 x 11, sigma 1.5, K 0.01 and 0.03, population covariance.

    Only windows that lie inside the image count, as in the authors' MATLAB code. Of colour images it is the
    mean over the channels.

    Args:
        sr, hr: H x W or H x W x C of equal shape, 0..255, any dtype; H and W at least 11.

    Raises:
        ResoluteError: an image smaller than the window.
    """
    height, width = hr.shape[:2]
    side = 2 * RADIUS + 1
    if min(height, width) < side:
        raise ResoluteError(
            f"SSIM needs at least {side}x{side} pixels, {width}x{height} are compared: use larger images"
        )
    channels = [(sr, hr)] if hr.ndim == 2 else list(zip(np.moveaxis(sr, -1, 0), np.moveaxis(hr, -1, 0), strict=True))
    count = (height - 2 * RADIUS) * (width - 2 * RADIUS) * len(channels)
    return sum(part for a, b in channels for part in _strip_sums(a, b)) / count


def _strip_sums(a: NDArray, b: NDArray) -> Iterator[float]:
    for top in range(0, a.shape[0] - 2 * RADIUS, STRIP):
        rows = slice(top, top + STRIP + 2 * RADIUS)
        yield float(_ssim_map(a[rows].astype(np.float64), b[rows].astype(np.float64)).sum())


def _ssim_map(a: NDArray, b: NDArray) -> NDArray:
    """SSIM of every window. The two variances enter as their sum, which saves a filtering."""
    mean_a, mean_b, squares, product = (_blur(_blur(x, 0), 1) for x in (a, b, a * a + b * b, a * b))
    mean_product = mean_a * mean_b
    mean_squares = mean_a**2 + mean_b**2
    covariance = product - mean_product
    variances = squares - mean_squares
    return (2 * mean_product + C1) * (2 * covariance + C2) / ((mean_squares + C1) * (variances + C2))


def _blur(x: NDArray, axis: int) -> NDArray:
    """Gaussian filter along an axis, valid part only. The kernel's symmetry halves the multiplications."""
    x = x.swapaxes(0, axis)
    count = x.shape[0] - 2 * RADIUS
    result = _gaussian[RADIUS] * x[RADIUS : RADIUS + count]
    for k in range(RADIUS):
        pair = x[k : k + count] + x[2 * RADIUS - k : 2 * RADIUS - k + count]
        pair *= _gaussian[k]
        result += pair
    return result.swapaxes(0, axis)

"""Structural similarity (Wang et al., IEEE TIP 2004)."""

from collections.abc import Iterator

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from resolute.core.errors import ResoluteError

RADIUS = 5  # an 11 x 11 window
SIGMA = 1.5
C1 = (0.01 * 255) ** 2
C2 = (0.03 * 255) ** 2

# The side of the blocks of windows that are filtered at a time, down and across, by a product of matrices each. That is
# 26 multiplications for 11 weights, but of the kind that processors do best: less than half of the time of adding rows.
BLOCK = 16
LINE = BLOCK + 2 * RADIUS  # pixels that a block's windows reach over

_offsets = np.arange(-RADIUS, RADIUS + 1)
_gaussian = np.exp(-(_offsets**2) / (2 * SIGMA**2))
_gaussian /= _gaussian.sum()
# From a line of pixels to the weighted sums of its windows.
_filter = np.stack([np.pad(_gaussian, (window, BLOCK - 1 - window)) for window in range(BLOCK)])
_across = np.ascontiguousarray(_filter.T)


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
    """The sums of the SSIM map over strips of BLOCK rows: their intermediate arrays stay in the cache."""
    rows, columns = (side - 2 * RADIUS for side in a.shape)
    blocks = -(-columns // BLOCK)
    # Of a strip: a, b, the sum of their squares and their product; what lies beyond the image is filtered in vain.
    maps = np.zeros((4, LINE, blocks * BLOCK + 2 * RADIUS))
    down = np.empty((4, BLOCK, maps.shape[2]))
    # Overlapping lines: 4 x blocks x BLOCK x LINE.
    lines = sliding_window_view(down, LINE, axis=2)[:, :, ::BLOCK].swapaxes(1, 2)
    filtered = np.empty((4, blocks, BLOCK, BLOCK))
    for top in range(0, rows, BLOCK):
        valid = min(BLOCK, rows - top)
        for image, pixels in ((0, a), (1, b)):
            maps[image, : valid + 2 * RADIUS, : a.shape[1]] = pixels[top : top + valid + 2 * RADIUS]
        np.multiply(maps[0], maps[0], out=maps[2])
        np.multiply(maps[0], maps[1], out=maps[3])
        maps[2] += maps[1] ** 2
        np.matmul(_filter, maps, out=down)
        np.matmul(lines, _across, out=filtered)
        found = _ssim_map(*filtered)[:, :valid]
        yield float(found[:-1].sum() + found[-1, :, : columns - (blocks - 1) * BLOCK].sum())


def _ssim_map(mean_a: NDArray, mean_b: NDArray, squares: NDArray, product: NDArray) -> NDArray:
    """SSIM of every window, from what it is filtered to. The two variances enter as their sum: one filtering less."""
    mean_product = mean_a * mean_b
    mean_squares = mean_a**2 + mean_b**2
    covariance = product - mean_product
    variances = squares - mean_squares
    return (2 * mean_product + C1) * (2 * covariance + C2) / ((mean_squares + C1) * (variances + C2))

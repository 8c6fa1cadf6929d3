"""How much edge an image holds, as ARM tells easy patches from hard ones.

"ARM: Any-Time Super-Resolution Method" (ECCV 2022; chenbong/ARM-Net, `utils/util.py`) scores a patch by the mean of its
absolute Laplacian, as OpenCV computes both: uint8 in, uint8 out.
"""

import numpy as np
from numpy.typing import NDArray


def grey(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The grey levels of RGB images, ... x 3, as OpenCV rounds them: weights of 15 bits, half up."""
    weighted = rgb.astype(np.int32) @ np.array([9798, 19235, 3735], dtype=np.int32)
    return ((weighted + (1 << 14)) >> 15).astype(np.uint8)


def laplacian(levels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The absolute 3x3 Laplacian: twice the four diagonal neighbours less eight times the pixel, at most 255.

    The image is mirrored about its outermost pixels. A checkerboard of single pixels has none: the kernel does not see
    it.

    Args:
        levels: ... x h x w, h and w at least 2: images or patches, each with a border of its own.

    Returns:
        ... x h x w.
    """
    within = [(0, 0)] * (levels.ndim - 2)
    around = np.pad(levels.astype(np.int16), [*within, (1, 1), (1, 1)], mode="reflect")
    rows = around[..., :-2, :] + around[..., 2:, :]
    edges = 2 * (rows[..., :-2] + rows[..., 2:] - 4 * around[..., 1:-1, 1:-1])
    return np.minimum(np.abs(edges), 255).astype(np.uint8)


def edge_score(rgb: NDArray[np.uint8]) -> NDArray[np.float64]:
    """The mean of the absolute Laplacian of the grey levels, 0 to 255, of images or patches ... x h x w x 3."""
    return laplacian(grey(rgb)).mean(axis=(-2, -1))

"""How much a patch would teach, by what plain interpolation leaves of it.

SamplingAug ("On the Importance of Patch Sampling Augmentation for Single Image Super-Resolution", BMVC 2021;
littlepure2333/SamplingAug) trains on the patches whose bilinearly enlarged LR is farthest from HR: low PSNR, much to
learn. The code leaves out a border of scale + 6 HR pixels and takes the means of squared errors from an integral image.
Taken here: all three channels, in units of the data range, the enlarged image not rounded.
"""

import numpy as np
from numpy.typing import NDArray

EPSILON = 1e-9  # of the squared error: a patch without any has 90 dB


def informative_scores(
    lr: NDArray[np.uint8],
    hr: NDArray[np.uint8],
    scale: float,
    rows: NDArray[np.integer],
    columns: NDArray[np.integer],
    size: int,
) -> NDArray[np.float64]:
    """PSNR of bilinearly enlarged patches in dB, at most 90: the lower, the more informative.

    Args:
        lr: h x w x 3.
        hr: sh x sw x 3.
        scale: HR side over LR side.
        rows, columns: the patches' top left corners in LR pixels.
        size: side of the patches in LR pixels.

    Returns:
        One value per patch. Pixels within scale + 6 of the image's border do not count; a patch of nothing but these is
        taken as free of error.
    """
    height, width = hr.shape[:2]
    border = round(scale) + 6
    squares = squared_errors(lr, hr)[border : height - border, border : width - border]
    sums = np.zeros((squares.shape[0] + 1, squares.shape[1] + 1))
    squares.cumsum(axis=1, dtype=np.float64, out=sums[1:, 1:])
    sums.cumsum(axis=0, out=sums)
    side = round(size * scale)
    (top, bottom), (left, right) = (
        [np.clip(np.round(first * scale).astype(int) + edge - border, 0, inner) for edge in (0, side)]
        for first, inner in ((rows, squares.shape[0]), (columns, squares.shape[1]))
    )
    total = sums[bottom, right] - sums[top, right] - sums[bottom, left] + sums[top, left]
    mean = np.maximum(total, 0) / np.maximum((bottom - top) * (right - left), 1)
    return -10 * np.log10(mean + EPSILON)


def squared_errors(lr: NDArray[np.uint8], hr: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The squared error of each pixel of the enlarged image, in units of the data range, mean over channels."""
    error = enlarge(lr, hr.shape[0], hr.shape[1])
    error -= hr
    return np.einsum("hwc,hwc->hw", error, error) / np.float32(255**2 * hr.shape[2])


def enlarge(lr: NDArray[np.uint8], height: int, width: int) -> NDArray[np.float32]:
    """An image, h x w x C, enlarged bilinearly by pixel centres; beyond its border lies its outermost pixel."""
    enlarged = lr.astype(np.float32)
    for axis, side in ((1, width), (0, height)):  # whole rows last, where there are most pixels
        first, second, weight = _neighbours(lr.shape[axis], side)
        near, far = enlarged.take(first, axis), enlarged.take(second, axis)
        far -= near
        far *= weight.reshape((-1, 1) if axis else (-1, 1, 1))
        far += near
        enlarged = far
    return enlarged


def _neighbours(side: int, enlarged: int) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float32]]:
    """For each place of an enlarged side, the two places that it lies between, and the weight of the second."""
    where = np.clip((np.arange(enlarged) + 0.5) * side / enlarged - 0.5, 0, side - 1)
    first = where.astype(int)
    return first, np.minimum(first + 1, side - 1), (where - first).astype(np.float32)

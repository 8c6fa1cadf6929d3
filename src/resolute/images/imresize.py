"""Antialiased bicubic reduction: MATLAB's `imresize`, bit for bit, and Pillow's.

The LR images of the benchmarks were made by different MATLAB releases, which differ at the border and in
the rounding between the two passes. Each convention that was found in published LR files is a variant:

- `replicate`: samples outside take the edge pixel; uint8 after each pass (SelfExSR's Set5, Set14, BSD100);
- `mirror`: the image is mirrored, the edge pixel repeated; uint8 after each pass (EDSR's benchmark copies);
- `mirror_float`: mirrored; rounded once, at the end (what MATLAB does with an image of doubles).

Networks of arbitrary scale are trained on what Pillow makes, and tested on it above x4 (LIIF, CVPR 2021, its code):

- `pillow`: samples outside are left out, width first, fixed-point weights; the whole image covers the whole output.
"""

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.sparse import coo_array, csr_array

from resolute.core.errors import ResoluteError, nearest

VARIANTS = ("replicate", "mirror", "mirror_float", "pillow")

SUPPORT = 4  # width of the cubic kernel, in pixels of the coarser grid
SNAP = 1e-9  # sides * scale that miss a whole number by float error count as whole
BLOCK = 1024  # values per row that are filtered at a time, so that a block of float32 rows stays in L1 and L2


def imresize(
    image: NDArray,
    scale: float,
    variant: str = "replicate",
    *,
    size: tuple[int, int] | None = None,
) -> NDArray:
    """Resize an image as MATLAB's `imresize(image, scale, 'bicubic')` does, height first, then width, or as Pillow.

    Shrinking stretches the kernel by 1/scale (antialiasing), enlarging does not. Output pixel i is centred
    at (i + 0.5) / scale - 0.5 in input pixels. uint8 images are rounded half up and clipped, after each pass
    or once, as the variant says. float32 and float64 images are neither rounded nor clipped.

    uint8 images with rounding between the passes are filtered in float32. That is exact at x2, x3, x4 and
    x8, whose weights make sums that float32 holds exactly or that stay far from a tie; at other scales a sum
    within float32's error of a tie may round the other way.

    Args:
        image: H x W or H x W x C, uint8, float32 or float64; for `pillow` uint8, grey or RGB.
        scale: output pixels per input pixel: 1/4 makes the LR image of x4, 4 enlarges. Any positive number.
        variant: one of `VARIANTS`.
        size: (height, width) of the output; ceil(side * scale) where it is not given. `pillow` goes by the size alone.

    Returns:
        The resized image, with the dtype and the number of dimensions of the input.

    Raises:
        ResoluteError: unknown variant, or an image, scale or size that cannot be resized.
    """
    _check(image, scale, variant, size)
    height, width = image.shape[:2]
    size = size or (_scaled(height, scale), _scaled(width, scale))
    if variant == "pillow":
        return np.array(Image.fromarray(image).resize(size[::-1], Image.Resampling.BICUBIC))
    rounds_once = image.dtype == np.uint8 and variant == "mirror_float"
    between = np.dtype(np.float64) if rounds_once else image.dtype
    precision = np.dtype(np.float32) if between == np.uint8 else between
    border = variant.removesuffix("_float")
    rows = _weights(height, size[0], scale, border, precision)
    columns = _weights(width, size[1], scale, border, precision)
    resized = image if image.ndim == 3 else image[:, :, None]
    resized = _filter_and_rotate(resized, rows, between)  # H W C -> W C h
    resized = _filter_and_rotate(resized, columns, image.dtype)  # W C h -> C h w
    return np.ascontiguousarray(np.moveaxis(resized, 0, -1)).reshape(*size, *image.shape[2:])


def crop_to_multiple(image: NDArray, scale: float) -> NDArray:
    """Cut an HR image, from the top left, to the part that an LR image of whole pixels covers.

    Sides become round(floor(side / scale) * scale), LIIF's rule, which for an integer scale is the largest
    multiple. The result is a view.

    Args:
        image: HR image, H x W or H x W x C.
        scale: upscaling factor, at least 1 (4 for x4).

    Raises:
        ResoluteError: the image is smaller than one LR pixel.
    """
    height, width = (round(math.floor(side / scale + SNAP) * scale) for side in image.shape[:2])
    if not (height and width):
        raise ResoluteError(
            f"an image of {image.shape[1]}x{image.shape[0]} pixels has no LR image at x{scale:g}: "
            "its sides must be at least the scale"
        )
    return image[:height, :width]


def lr_size(hr: NDArray, scale: float) -> tuple[int, int]:
    """(height, width) of the LR image of an HR image that `crop_to_multiple` has cut.

    This is the `size` to ask of `imresize` at fractional scales, where ceil(side / scale) may be one more.
    """
    return round(hr.shape[0] / scale), round(hr.shape[1] / scale)


def _check(image: NDArray, scale: float, variant: str, size: tuple[int, int] | None) -> None:
    if variant not in VARIANTS:
        raise ResoluteError(f"unknown imresize variant '{variant}': {nearest(variant, VARIANTS)}")
    if image.dtype not in (np.uint8, np.float32, np.float64):
        raise ResoluteError(f"imresize takes uint8, float32 or float64 images, not {image.dtype}: convert it first")
    if image.ndim not in (2, 3) or 0 in image.shape:
        raise ResoluteError(f"imresize takes H x W or H x W x C images, not an array of shape {image.shape}")
    if not (math.isfinite(scale) and scale > 0):
        raise ResoluteError(f"imresize takes a scale above 0, not {scale}: 0.25 makes the LR image of x4")
    if size is not None and min(size) < 1:
        raise ResoluteError(f"imresize cannot make an image of {size[1]}x{size[0]} pixels: ask for at least 1x1")
    if variant == "pillow" and (image.dtype != np.uint8 or image.shape[2:] not in ((), (3,))):
        what = f"a {image.dtype} image of shape {image.shape}"
        raise ResoluteError(f"the variant 'pillow' takes uint8 images, H x W or H x W x 3, not {what}")


def _scaled(side: int, scale: float) -> int:
    return max(1, math.ceil(side * scale - SNAP))


def _cubic(x: NDArray) -> NDArray:
    """Keys' cubic convolution kernel with a = -0.5 (Keys, IEEE TASSP 1981)."""
    x = np.abs(x)
    near = (1.5 * x - 2.5) * x**2 + 1
    far = ((-0.5 * x + 2.5) * x - 4) * x + 2
    return np.where(x <= 1, near, np.where(x < 2, far, 0))


@lru_cache(maxsize=64)
def _weights(length: int, resized: int, scale: float, border: str, precision: np.dtype) -> csr_array:
    """The resized x length matrix that filters one axis; its rows sum to 1."""
    stretch = min(scale, 1.0)
    centres = (np.arange(resized) + 0.5) / scale - 0.5
    first = np.floor(centres - SUPPORT / stretch / 2).astype(int)
    taps = first[:, None] + np.arange(math.ceil(SUPPORT / stretch) + 2)
    weights = _cubic((centres[:, None] - taps) * stretch)
    weights /= weights.sum(axis=1, keepdims=True)
    if border == "replicate":
        taps = taps.clip(0, length - 1)
    else:
        taps = taps % (2 * length)
        taps = np.minimum(taps, 2 * length - 1 - taps)
    pixels = np.repeat(np.arange(resized), taps.shape[1])
    matrix = coo_array((weights.ravel(), (pixels, taps.ravel())), shape=(resized, length)).tocsr()
    matrix.eliminate_zeros()
    return matrix.astype(precision)


def _filter_and_rotate(image: NDArray, matrix: csr_array, dtype: np.dtype) -> NDArray:
    """Filter the first axis and move it to the end, where the next pass finds the other axis first.

    Args:
        image: an array of three axes (length, m, n).
        matrix: resized x length.
        dtype: of the result; uint8 means rounded half up and clipped.

    Returns:
        The filtered image, (m, n, resized).
    """
    length, m, n = image.shape
    resized = matrix.shape[0]
    result = np.empty((m, n, resized), dtype)
    step = min(m, max(1, BLOCK // n))
    block = np.empty((length, step, n), matrix.dtype)
    for start in range(0, m, step):
        start = min(start, m - step)  # the last block may overlap the one before: all fit the buffer
        np.copyto(block, image[:, start : start + step])
        values = matrix @ block.reshape(length, -1)
        if dtype == np.uint8:
            values += values.dtype.type(0.5)
            np.clip(values, 0, 255, out=values)  # storing them truncates
        result[start : start + step] = values.reshape(resized, -1, n).transpose(1, 2, 0)
    return result

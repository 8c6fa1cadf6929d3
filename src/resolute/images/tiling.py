"""Whole images from networks that take only a tile at a time."""

import math
from collections.abc import Callable, Iterator
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from resolute.core.errors import ResoluteError


def tiled_bands(
    upscale: Callable[[NDArray], NDArray], lr: NDArray, scale: float, tile: int, overlap: int
) -> Iterator[NDArray]:
    """Upscale an image tile by tile; yields the result in bands of whole rows, from the top down.

    All tiles have exactly the asked size, save along an axis on which the image is smaller. They are spread
    evenly, so that neighbours share at least `overlap` pixels, and each pixel of the result comes from one
    tile: the shared strip is cut in its middle. Blending would bring into the result pixels that a tile's
    border has spoilt; the cut leaves them all out, so that an operator whose receptive field reaches no
    further than overlap / 2 gives exactly the result of the whole image.

    Args:
        upscale: maps h x w x C to (scale h) x (scale w) x C.
        lr: H x W x C (or H x W, if that is what `upscale` takes).
        scale: a whole upscaling factor.
        tile: side of the tiles, in LR pixels.
        overlap: least number of LR pixels that neighbouring tiles share; below `tile`.

    Raises:
        ResoluteError: a tile, an overlap or a scale that cannot be.
    """
    check_tiles(scale, tile, overlap)
    height, width = lr.shape[:2]
    if not height or not width:
        raise ResoluteError(f"an image of {width}x{height} pixels has nothing to upscale")
    return _bands(upscale, lr, int(scale), tile, overlap)


def _bands(
    upscale: Callable[[NDArray], NDArray], lr: NDArray, scale: int, tile: int, overlap: int
) -> Iterator[NDArray]:
    height, width = lr.shape[:2]
    for rows, kept_rows in _spans(height, tile, overlap):
        yield np.hstack(
            [
                upscale(lr[rows, columns])[
                    _enlarged(kept_rows, scale, rows.start), _enlarged(kept_columns, scale, columns.start)
                ]
                for columns, kept_columns in _spans(width, tile, overlap)
            ]
        )


def check_tiles(scale: float, tile: int, overlap: int) -> None:
    """Refuse a tile, an overlap or a scale that cannot be."""
    if not (math.isfinite(scale) and scale == int(scale) and scale >= 1):
        raise ResoluteError(f"tiles need a whole scale, not x{scale:g}: upscale the image as a whole")
    if not 0 <= overlap < tile:
        raise ResoluteError(f"tiles of {tile} pixels cannot overlap by {overlap}: give 0 <= overlap < tile")


def _spans(length: int, tile: int, overlap: int) -> list[tuple[slice, slice]]:
    """The tiles along one axis, each with the part of it that is kept; the kept parts cover the axis once."""
    tile = min(tile, length)
    count = 1 + -(-(length - tile) // max(1, tile - overlap))
    starts = [(length - tile) * index // max(1, count - 1) for index in range(count)]
    cuts = [(start + before + tile) // 2 for before, start in pairwise(starts)]
    bounds = [0, *cuts, length]
    kept = [slice(low, high) for low, high in pairwise(bounds)]
    return [(slice(start, start + tile), part) for start, part in zip(starts, kept, strict=True)]


def _enlarged(span: slice, scale: int, origin: int) -> slice:
    return slice((span.start - origin) * scale, (span.stop - origin) * scale)

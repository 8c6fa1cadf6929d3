"""`resolute upscale`: a picture as a person has it, with alpha and 16 bits, through any method."""

import re
import sys
from pathlib import Path

import numpy as np

from resolute import methods, registry
from resolute.core import devices
from resolute.core.errors import ResoluteError
from resolute.images.files import Photo, check_can_write, read_photo, to_rgb, write_photo
from resolute.images.imresize import imresize
from resolute.images.tiling import upscale_tiled
from resolute.methods import Upscaler

# Side of tiles in LR pixels, where the method is the same in tiles.
TILE = 256


def upscale_file(
    source: Path, target: Path, method: str, scale: float, weights: str, tile: int | None, overlap: int
) -> None:
    """Enlarge a picture file.

    Colour goes through the method, 16-bit colour in float so that its depth is kept; grey comes back grey.
    Alpha is enlarged bicubically.

    Args:
        tile: side of the tiles, in LR pixels, that a larger picture is cut into; 0 takes it whole, and so does none
            where tiles change the result; else it stands for `TILE`.
        overlap: LR pixels that neighbouring tiles share.

    Raises:
        ResoluteError: the picture cannot be read, the result cannot be written, the method cannot take it, or it
            does not fit into memory.
    """
    entry = registry.entry(method)
    photo = read_photo(source)
    check_can_write(target, photo)
    _, path = registry.find_weights(method, scale, weights)
    devices.claim_gpus(1)
    upscaler = methods.upscaler(method, scale, path if entry.trainable else None, devices.accelerator())
    depth = np.iinfo(photo.colour.dtype)
    lr = to_rgb(photo.colour)
    if photo.colour.dtype != np.uint8:
        lr = lr.astype(np.float32) * (255 / depth.max)
    sr = _in_tiles(entry, upscaler, lr, scale, tile, overlap)
    colour = np.rint(np.clip(sr * (depth.max / 255), 0, depth.max)).astype(photo.colour.dtype)
    if photo.colour.ndim == 2:
        colour = np.rint(colour.mean(axis=2)).astype(photo.colour.dtype)
    alpha = None if photo.alpha is None else _enlarge_alpha(photo.alpha, scale)
    write_photo(target, Photo(colour, alpha, photo.icc_profile))


def _in_tiles(
    entry: registry.Entry, upscaler: Upscaler, lr: np.ndarray, scale: float, tile: int | None, overlap: int
) -> np.ndarray:
    if tile is None:
        tile = TILE if entry.tile_safe else 0
    if not tile or max(lr.shape[:2]) <= tile:
        return _within_memory(upscaler)(lr)
    if tile < entry.minimum_side:
        raise ResoluteError(f"tiles of {tile} pixels are too small: {entry.name} needs at least {entry.minimum_side}")
    sr = upscale_tiled(_within_memory(upscaler), lr, int(scale), tile, overlap)
    if not entry.tile_safe:
        print(f"resolute: in tiles {entry.name} gives another result than on the whole image", file=sys.stderr)
    return sr


def _within_memory(upscaler: Upscaler) -> Upscaler:
    """Makes one line of what torch says when memory runs out: it has a class of its own for a GPU's alone."""

    def upscale(lr: np.ndarray) -> np.ndarray:
        try:
            return upscaler(lr)
        except RuntimeError as error:
            if not re.search("allocate memory|out of memory", str(error)):
                raise
            height, width = lr.shape[:2]
            raise ResoluteError(
                f"no memory for {width}x{height} pixels at once: cut them into smaller tiles (--tile)"
            ) from error

    return upscale


def _enlarge_alpha(alpha: np.ndarray, scale: float) -> np.ndarray:
    depth = np.iinfo(alpha.dtype)
    enlarged = imresize(alpha.astype(np.float64), scale)
    return np.rint(np.clip(enlarged, 0, depth.max)).astype(alpha.dtype)

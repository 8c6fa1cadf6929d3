"""`resolute upscale`: a picture as a person has it, with alpha and 16 bits, through any method."""

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


def upscale_file(source: Path, target: Path, method: str, scale: float, weights: str, tile: int, overlap: int) -> None:
    """Enlarge a picture file.

    Colour goes through the method, 16-bit colour in float so that its depth is kept; grey comes back grey.
    Alpha is enlarged bicubically. Pictures larger than a tile are cut into overlapping tiles where the method
    allows it.

    Raises:
        ResoluteError: the picture cannot be read, the result cannot be written, or the method cannot take it.
    """
    implementation = methods.load(method)
    photo = read_photo(source)
    check_can_write(target, photo)
    _, path = registry.find_weights(method, scale, weights)
    devices.claim_gpus(1)
    upscaler = implementation.upscaler(scale, path if implementation.entry.trainable else None, devices.accelerator())
    depth = np.iinfo(photo.colour.dtype)
    lr = to_rgb(photo.colour)
    if photo.colour.dtype != np.uint8:
        lr = lr.astype(np.float32) * (255 / depth.max)
    sr = _in_tiles(implementation, upscaler, lr, scale, tile, overlap)
    colour = np.rint(np.clip(sr * (depth.max / 255), 0, depth.max)).astype(photo.colour.dtype)
    if photo.colour.ndim == 2:
        colour = np.rint(colour.mean(axis=2)).astype(photo.colour.dtype)
    alpha = None if photo.alpha is None else _enlarge_alpha(photo.alpha, scale)
    write_photo(target, Photo(colour, alpha, photo.icc_profile))


def _in_tiles(
    implementation: methods.Method, upscaler: Upscaler, lr: np.ndarray, scale: float, tile: int, overlap: int
) -> np.ndarray:
    entry = implementation.entry
    if not tile or max(lr.shape[:2]) <= tile:
        return upscaler(lr)
    if not entry.tile_safe:
        print(
            f"resolute: {entry.name} looks at the whole image, so it is not cut into tiles",
            file=sys.stderr,
        )
        return upscaler(lr)
    if tile < entry.minimum_side:
        raise ResoluteError(f"tiles of {tile} pixels are too small: {entry.name} needs at least {entry.minimum_side}")
    return upscale_tiled(upscaler, lr, int(scale), tile, overlap)


def _enlarge_alpha(alpha: np.ndarray, scale: float) -> np.ndarray:
    depth = np.iinfo(alpha.dtype)
    enlarged = imresize(alpha.astype(np.float64), scale)
    return np.rint(np.clip(enlarged, 0, depth.max)).astype(alpha.dtype)

"""`resolute upscale`: a picture as a person has it, with alpha and 16 bits, through any method."""

import math
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

from resolute import methods, registry
from resolute.core import devices, layout, memory
from resolute.core.errors import ResoluteError, UsageError
from resolute.core.layout import Run
from resolute.images.files import Photo, check_can_write, read_photo, to_rgb, write_photo
from resolute.images.imresize import imresize
from resolute.images.tiling import check_tiles, upscale_tiled
from resolute.methods import Upscaler

Enlarge = Callable[[np.ndarray], np.ndarray]

# Side of tiles in LR pixels, where the method is the same in tiles.
TILE = 256
COPIES = 4  # of the result, at the peak of writing it
SR_BYTES = 36  # per HR pixel, where the method takes the picture whole: float32 RGB, and what is made of it


def scale_to(source: Path, width: int, height: int) -> float:
    """The scale at which a picture file becomes an image of this size, whose sides are rounded; a whole one if any is.

    Raises:
        UsageError: there is none.
    """
    lr = read_photo(source).colour.shape[:2]
    axes = list(zip((height, width), lr, strict=True))
    low = max((side - 0.5) / short for side, short in axes)
    high = min((side + 0.5) / short for side, short in axes)
    whole = math.ceil(low)
    scale = whole if whole <= high else (low + high) / 2
    if any(round(short * scale) != side for side, short in axes):
        fitting = f"{width}x{round(lr[0] * width / lr[1])}"
        raise UsageError(
            f"{source} has {lr[1]}x{lr[0]} pixels, which at no scale become {width}x{height}: give {fitting}, or cut it"
        )
    if not 1 < scale <= layout.LARGEST_SCALE:
        possible = f"give a size above x1, up to x{layout.LARGEST_SCALE}"
        raise UsageError(f"{width}x{height} is x{scale:.3g} of {source}: {possible}")
    return float(scale)


def upscale_file(source: Path, target: Path, run: Run, setting: str, tile: int | None, overlap: int) -> None:
    """Enlarge a picture file by a method with its weights.

    Colour goes through the method, 16-bit colour in float so that its depth is kept; grey comes back grey.
    Alpha is enlarged bicubically.

    Args:
        tile: side of the tiles, in LR pixels, that a larger picture is cut into; 0 takes it whole, and so does none
            where tiles change the result; else it stands for `TILE`.
        overlap: LR pixels that neighbouring tiles share.

    Raises:
        ResoluteError: the picture cannot be read, the result cannot be written, the method cannot take it, or it
            does not fit into memory. All that can be known is said before the work starts.
    """
    entry, scale = registry.entry(run.method), run.scale
    entry.check_scale(scale)
    setting = entry.setting(setting)
    photo = read_photo(source)
    target = Path(os.path.realpath(target))  # a link stays a link
    height, width = photo.colour.shape[:2]
    check_can_write(target, photo, (round(height * scale), round(width * scale)))
    if target.exists() and target.samefile(source):
        raise ResoluteError(f"cannot write {target}: it is the picture itself, give another name")
    tile = _tile(entry, setting, tile, overlap, photo, scale)
    _check_memory(photo, scale, tile)
    devices.claim_gpus(1)
    weights = layout.weights(registry.weights_of(run)) if entry.trainable else None
    upscaler = methods.upscaler(run.method, scale, weights, devices.accelerator(), setting)
    upscale = _keeping_depth(_within_memory(upscaler))
    if tile:
        colour = upscale_tiled(upscale, photo.colour, scale, tile, overlap)
        if not entry.is_tile_safe(setting):
            print(f"resolute: in tiles {entry.name} gives another result than on the whole image", file=sys.stderr)
    else:
        colour = upscale(photo.colour)
    alpha = None if photo.alpha is None else _enlarge_alpha(photo.alpha, scale, colour.shape[:2])
    write_photo(target, Photo(colour, alpha, photo.icc_profile))


def _tile(entry: registry.Entry, setting: str, tile: int | None, overlap: int, photo: Photo, scale: float) -> int:
    """Side of the tiles in LR pixels; 0 for a picture that is taken whole."""
    if tile is None:
        tile = TILE if entry.is_tile_safe(setting) and scale == int(scale) else 0
    if not tile or max(photo.colour.shape[:2]) <= tile:
        return 0
    if tile < entry.minimum_side:
        raise ResoluteError(f"tiles of {tile} pixels are too small: {entry.name} needs at least {entry.minimum_side}")
    check_tiles(scale, tile, overlap)
    return tile


def _check_memory(photo: Photo, scale: float, tile: int) -> None:
    """Refuse a result that does not fit into memory."""
    height, width = photo.colour.shape[:2]
    channels = (1 if photo.colour.ndim == 2 else 3) + (photo.alpha is not None)
    per_pixel = COPIES * channels * photo.colour.itemsize + (0 if tile else SR_BYTES)
    size = f"{round(width * scale)} x {round(height * scale)} pixels"
    repair = "cut the picture into parts, or free memory"
    memory.require(width * height * scale**2 * per_pixel, f"a result of {size}", repair)


def _keeping_depth(enlarge: Enlarge) -> Enlarge:
    """From and to pixels as the picture has them: grey or RGB, uint8 or uint16."""

    def upscale(lr: np.ndarray) -> np.ndarray:
        depth = np.iinfo(lr.dtype)
        rgb = to_rgb(lr)
        sr = enlarge(rgb if lr.dtype == np.uint8 else rgb.astype(np.float32) * (255 / depth.max))
        colour = np.rint(np.clip(sr * (depth.max / 255), 0, depth.max)).astype(lr.dtype)
        return colour if lr.ndim == 3 else np.rint(colour.mean(axis=2)).astype(lr.dtype)

    return upscale


def _within_memory(upscaler: Upscaler) -> Enlarge:
    """Makes one line of what torch says when memory runs out: it has a class of its own for a GPU's alone."""

    def upscale(lr: np.ndarray) -> np.ndarray:
        try:
            return methods.check_finite(upscaler(lr), "the network").sr
        except RuntimeError as error:
            if not re.search("allocate memory|out of memory", str(error)):
                raise
            height, width = lr.shape[:2]
            raise ResoluteError(
                f"no memory for {width}x{height} pixels at once: cut them into smaller tiles (--tile)"
            ) from error

    return upscale


def _enlarge_alpha(alpha: np.ndarray, scale: float, size: tuple[int, int]) -> np.ndarray:
    depth = np.iinfo(alpha.dtype)
    enlarged = imresize(alpha.astype(np.float64), scale, size=size)
    return np.rint(np.clip(enlarged, 0, depth.max)).astype(alpha.dtype)

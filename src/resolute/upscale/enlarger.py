"""One picture through a method: by tiles where these change nothing, else whole, with its depth, alpha and metadata."""

import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from resolute import methods, registry
from resolute.core import devices, layout, memory, records
from resolute.core.errors import ResoluteError
from resolute.core.layout import Run
from resolute.images.decode import Photo
from resolute.images.encode import FORMATS
from resolute.images.files import to_rgb
from resolute.images.imresize import imresize
from resolute.images.photo import check_can_write, read_photo, write_photo
from resolute.images.tiling import check_tiles, tiled_bands
from resolute.inference.footprint import peak_bytes
from resolute.methods.patchwise import PatchUpscaler
from resolute.methods.upscaled import Upscaler
from resolute.upscale.goals import Goal, SetGoal

# Side of tiles in LR pixels, where the method is the same in tiles.
TILE = 256
HELD = 4  # copies of a picture at the peak of writing it by an encoder that wants it whole
SR_BYTES = 36  # per HR pixel, where the method takes the picture whole: float32 RGB, and what is made of it

Advance = Callable[[float], object]


class Enlarger:
    """A method with its weights, which are loaded once for all pictures.

    Colour goes through the method, 16-bit colour in float so that its depth is kept; grey comes back grey.
    Alpha is enlarged bicubically.

    Args:
        entry: of the method.
        run_at: the run at a scale, with weights that are here.
        setting: operating point; the default where empty.
        tile: side of the tiles, in LR pixels, that a larger picture is cut into; 0 takes it whole, and so does none
            where tiles change the result; else it stands for `TILE`.
        overlap: LR pixels that neighbouring tiles share.
    """

    def __init__(
        self, entry: registry.Entry, run_at: Callable[[float], Run], setting: str, tile: int | None, overlap: int
    ) -> None:
        self.entry, self.run_at, self.setting = entry, run_at, entry.setting(setting)
        self.tile, self.overlap = tile, overlap
        self._upscaler = cache(self._load)

    def checksum(self, scale: float) -> str:
        """The sha256 of the weights that enlarge by a scale; empty where none do."""
        path = self._weights(scale)
        return records.known_sha256(path) if path else ""

    def upscale(self, source: Path, target: Path, set_goal: SetGoal, advance: Advance = lambda _: None) -> Goal:
        """Enlarge a picture file; says what it has become.

        Args:
            set_goal: how large the picture becomes.
            advance: is told what share of the picture is done, whenever some is.

        Raises:
            ResoluteError: the picture cannot be read, the result cannot be written, the method cannot take it, or it
                does not fit into memory. All that can be known is said before the work starts.
        """
        photo = read_photo(source)
        goal = set_goal(photo.size)
        target = Path(os.path.realpath(target))  # a link stays a link
        check_can_write(target, photo, goal.size)
        if target.exists() and target.samefile(source):
            raise ResoluteError(f"cannot write {target}: it is the picture itself, give another name")
        if not FORMATS[target.suffix.lower()].streamed:
            _require(goal.size, HELD * photo.channels * photo.colour.itemsize)
        bands = self._reduced(photo, goal) if goal.is_reduced(photo.size) else self._enlarged(photo, goal.scale)
        write_photo(target, photo, _told(bands, goal.size[0], advance), goal.size)
        return goal

    def _enlarged(self, photo: Photo, scale: float) -> Iterator[NDArray]:
        """The picture by a scale, band by band; what forbids it is said when this is called."""
        self.entry.check_scale(scale)
        tile = self._tile(photo, scale)
        upscaler = self._upscaler(scale)
        if not tile:
            self._check_memory(upscaler, photo, scale)
        elif not self.entry.is_tile_safe(self.setting):
            print(f"resolute: in tiles {self.entry.name} gives another result than on the whole image", file=sys.stderr)
        enlarge = _by_channels(upscaler, scale)
        if tile:
            return tiled_bands(enlarge, photo.pixels, scale, tile, self.overlap)
        return (enlarge(pixels) for pixels in [photo.pixels])

    def _reduced(self, photo: Photo, goal: Goal) -> Iterator[NDArray]:
        """The picture larger than the goal, then reduced to it."""
        _require(goal.size, SR_BYTES * (goal.scale * photo.size[0] / goal.size[0]) ** 2)
        bands = [photo.pixels] if goal.scale == 1 else self._enlarged(photo, goal.scale)
        return (
            imresize(large, goal.size[0] / large.shape[0], "mirror_float", size=goal.size).reshape(
                *goal.size, photo.channels
            )
            for large in [np.concatenate(list(bands))]
        )

    def _weights(self, scale: float) -> Path | None:
        if scale == 1 or not self.entry.trainable:
            return None
        return layout.weights(registry.weights_of(self.run_at(scale)))

    def _load(self, scale: float) -> Upscaler:
        devices.claim_gpus(1)
        run = self.run_at(scale)
        return methods.upscaler(run.method, scale, self._weights(scale), devices.accelerator(), self.setting)

    def _tile(self, photo: Photo, scale: float) -> int:
        """Side of the tiles in LR pixels; 0 for a picture that is taken whole."""
        entry, tile = self.entry, self.tile
        if tile is None:
            tile = TILE if entry.is_tile_safe(self.setting) and scale == int(scale) else 0
        if not tile or max(photo.size) <= tile:
            return 0
        if tile < entry.minimum_side:
            least = f"{entry.name} needs at least {entry.minimum_side}"
            raise ResoluteError(f"tiles of {tile} pixels are too small: {least}")
        check_tiles(scale, tile, self.overlap)
        return tile

    def _check_memory(self, upscaler: Upscaler, photo: Photo, scale: float) -> None:
        """Refuse a picture that does not fit into memory when it is taken whole."""
        height, width = photo.size
        needed = SR_BYTES * height * width * scale**2
        if self.entry.trainable and not isinstance(upscaler, PatchUpscaler) and devices.accelerator() == "cpu":
            # What cannot be followed there is not refused here: where the picture is too small, the method says so.
            with suppress(RuntimeError, ResoluteError), torch.device("meta"):
                needed += peak_bytes(methods.build(self.entry.name, scale).eval(), height, width)
        what = f"{self.entry.name} on {width}x{height} pixels at once"
        memory.require(needed, what, "cut them into tiles (--tile), which changes the result")


def _require(size: tuple[int, int], per_pixel: float) -> None:
    height, width = size
    what = f"a result of {width} x {height} pixels"
    memory.require(height * width * per_pixel, what, "write .png or .tif, cut the picture into parts, or free memory")


def _told(bands: Iterator[NDArray], height: int, advance: Advance) -> Iterator[NDArray]:
    for band in bands:
        yield band
        advance(len(band) / height)


def _by_channels(upscaler: Upscaler, scale: float) -> Callable[[NDArray], NDArray]:
    """From and to pixels as the picture has them: h x w x C, grey or RGB, then alpha; uint8 or uint16."""
    enlarge = _within_memory(upscaler)

    def upscale(lr: NDArray) -> NDArray:
        depth, channels = np.iinfo(lr.dtype).max, lr.shape[2]
        colour = to_rgb(lr[:, :, 0]) if channels < 3 else lr[:, :, :3]
        sr = enlarge(colour if depth == 255 else colour.astype(np.float32) * (255 / depth))
        sr = np.rint(np.clip(sr * (depth / 255), 0, depth)).astype(lr.dtype)
        if channels < 3:
            sr = np.rint(sr.mean(axis=2, keepdims=True)).astype(lr.dtype)
        return np.dstack((sr, _enlarged_alpha(lr[:, :, -1], scale, sr.shape[:2]))) if channels in (2, 4) else sr

    return upscale


def _within_memory(upscaler: Upscaler) -> Callable[[NDArray], NDArray]:
    """Makes one line of what torch says when memory runs out: it has a class of its own for a GPU's alone."""

    def upscale(lr: NDArray) -> NDArray:
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


def _enlarged_alpha(alpha: NDArray, scale: float, size: tuple[int, int]) -> NDArray:
    enlarged = imresize(alpha.astype(np.float64), scale, size=size)
    return np.rint(np.clip(enlarged, 0, np.iinfo(alpha.dtype).max)).astype(alpha.dtype)

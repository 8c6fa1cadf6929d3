"""What made the LR images of a folder: of several public copies of a data set, which is which."""

import math
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from resolute.core.errors import ResoluteError
from resolute.images.files import read_image, to_rgb
from resolute.images.imresize import SNAP, crop_to_multiple, imresize, lr_size
from resolute.images.pairing import Pair, Role, pair

# Who has LR images that were made so; the first four are the variants of `imresize`.
KNOWN = {
    "mirror": "MATLAB: EDSR's copies of the benchmarks, most papers",
    "replicate": "MATLAB, older: SelfExSR's Set5, Set14, BSD100",
    "mirror_float": "MATLAB on images of doubles; BasicSR's and KAIR's imresize come nearest to it",
    "pillow": "Pillow's bicubic: LIIF",
    "pillow_lanczos": "Pillow's Lanczos",
    "pillow_bilinear": "Pillow's bilinear",
    "pillow_box": "Pillow's box, the mean of an area",
    "pillow_nearest": "one pixel of each area",
}
_FILTERS = {
    "pillow_lanczos": Image.Resampling.LANCZOS,
    "pillow_bilinear": Image.Resampling.BILINEAR,
    "pillow_box": Image.Resampling.BOX,
    "pillow_nearest": Image.Resampling.NEAREST,
}
UNCUT = "_uncut"  # ends the name of a way that reduces the whole HR image


class Difference(NamedTuple):
    """How many values two images have, how many of them differ, by how much in all and by how much at most (0..255)."""

    values: int
    differing: int
    total: int
    largest: int


@dataclass(frozen=True)
class Tried:
    """How far the ways that make an LR image's size are from it, and whether its HR image has nothing to cut."""

    differences: dict[str, Difference]
    is_multiple: bool

    def by(self, way: str) -> Difference | None:
        """The difference of a way; none where it makes another size."""
        return self.differences.get(way.removesuffix(UNCUT) if self.is_multiple else way)


def check(lr: Path, hr: Path, scale: float, workers: int | None = None) -> dict[str, Any]:
    """Hold LR images against what the known ways of reducing make of their HR images.

    Every way is tried on HR images that are cut to a multiple of the scale, and as `<way>_uncut` on whole ones.

    Args:
        lr: a folder of LR images, 8 bits, grey or RGB; or one.
        hr: a folder of HR images, or one. Names are paired as `resolute.images.pairing` says.
        scale: HR side over LR side.
        workers: threads; as many as there are cores where it is not given.

    Returns:
        One JSON object. `made_by`: the ways that make all images exactly, several where nothing tells them apart.
        `nearest`: the way with the smallest mean difference, which JPEG's damage confuses least; None where no way
        makes all sizes. `ways`: of each that does how many images are exact (`exact_images`), the share of values
        that differ (`differing`, 0 to 1), the mean difference over all values and the largest (`mean_difference`,
        `largest`, 0..255). `images`: of each `made_by`, `nearest`, and how far that is. `alone`: files that belong to
        no other.

    Raises:
        ResoluteError: images that do not pair, cannot be read, or have a size that no way makes.
    """
    pairing = pair(lr, hr, Role.LR)
    with ThreadPoolExecutor(workers or os.cpu_count()) as pool:
        tried = list(pool.map(partial(_try, scale=scale), pairing.pairs))
    images = [{"image": two.name, **_of_one(one)} for two, one in zip(pairing.pairs, tried, strict=True)]
    return {
        "lr": str(lr),
        "hr": str(hr),
        "scale": scale,
        **_judged(tried),
        "images": images,
        "alone": [str(path) for path in pairing.alone],
    }


def _judged(tried: Sequence[Tried]) -> dict[str, Any]:
    names = dict.fromkeys(name for one in tried for name in one.differences)
    ways = {}
    for name in names:
        found = [difference for one in tried if (difference := one.by(name))]
        if len(found) == len(tried):
            values = sum(one.values for one in found)
            ways[name] = {
                "exact_images": sum(not one.differing for one in found),
                "differing": sum(one.differing for one in found) / values,
                "mean_difference": sum(one.total for one in found) / values,
                "largest": max(one.largest for one in found),
            }
    return {
        "made_by": [name for name, facts in ways.items() if not facts["largest"]],
        "nearest": min(ways, key=lambda name: ways[name]["mean_difference"], default=None),
        "ways": ways,
    }


def _of_one(tried: Tried) -> dict[str, Any]:
    judged = _judged([tried])
    far = {key: value for key, value in judged["ways"][judged["nearest"]].items() if key != "exact_images"}
    return {"made_by": judged["made_by"], "nearest": judged["nearest"], **far}


def _try(two: Pair, scale: float) -> Tried:
    lr, hr = read_image(two.first), read_image(two.hr)
    size = lr.shape[:2]
    try:
        cut = crop_to_multiple(hr, scale)
    except ResoluteError as error:
        raise ResoluteError(f"{two.hr}: {error}") from None
    is_multiple = cut.shape == hr.shape
    found = {}
    if lr_size(cut, scale) == size:
        found = {way: _difference(lr, _reduce(cut, scale, way, size)) for way in KNOWN}
    if not is_multiple:
        uncut = [way for way in KNOWN if _makes(way, hr, scale, size)]
        found |= {f"{way}{UNCUT}": _difference(lr, _reduce(hr, scale, way, size)) for way in uncut}
    if not found:
        raise ResoluteError(
            f"{two.first} has {size[1]}x{size[0]} pixels, {two.hr} {hr.shape[1]}x{hr.shape[0]}: at x{scale:g} its LR "
            f"image has {cut.shape[1] / scale:.0f}x{cut.shape[0] / scale:.0f}; give the right --scale and HR images"
        )
    return Tried(found, is_multiple)


def _makes(way: str, hr: NDArray, scale: float, size: tuple[int, ...]) -> bool:
    """Whether a way makes an LR image of this size of a whole HR image: MATLAB rounds sides up, others as they like."""
    sides = list(zip(size, (side / scale for side in hr.shape[:2]), strict=True))
    highest = all(made == math.ceil(side - SNAP) for made, side in sides)
    return highest or (way.startswith("pillow") and all(abs(made - side) < 1 for made, side in sides))


def _reduce(hr: NDArray, scale: float, way: str, size: tuple[int, int]) -> NDArray:
    if way in _FILTERS:
        return np.asarray(Image.fromarray(hr).resize(size[::-1], _FILTERS[way]))
    return imresize(hr, 1 / scale, way, size=size)


def _difference(lr: NDArray, made: NDArray) -> Difference:
    if lr.ndim != made.ndim:
        lr, made = to_rgb(lr), to_rgb(made)
    far = np.abs(lr.astype(np.int16) - made)
    return Difference(far.size, int(np.count_nonzero(far)), int(far.sum()), int(far.max()))

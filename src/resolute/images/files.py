"""Image files: read strictly, written whole or not at all.

`read_image` and `write_png` serve data sets and evaluation, which know 8-bit RGB and grey only. `read_photo`
and `write_photo` serve the `upscale` command and keep what a user's picture holds: 8 or 16 bits, alpha, the
ICC profile.
"""

import os
import stat
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from resolute.core import atomic
from resolute.core.errors import ResoluteError
from resolute.images import png
from resolute.images.decode import decode
from resolute.images.encode import LONGEST_SIDE, encode

LONGEST_NAME = 250  # bytes, of the 255 that file systems have; five more are needed while the file is written


@dataclass(frozen=True)
class Photo:
    """A picture as its file holds it, upright.

    `colour` is H x W (grey) or H x W x 3 (RGB), uint8 or uint16; `alpha` is H x W of the same dtype, or None.
    """

    colour: NDArray
    alpha: NDArray | None = None
    icc_profile: bytes | None = None


def read_image(path: Path) -> NDArray[np.uint8]:
    """The pixels of an image of a data set: uint8, H x W x 3 (RGB) or H x W (grey).

    Palettes are expanded to RGB, a fully opaque alpha channel is dropped.

    Raises:
        ResoluteError: absent, damaged or no image; 16 bits per channel; transparent pixels; any colour space
            but RGB and grey; several pages; too many pixels for the memory that is left.
    """
    photo = _photo(decode(path)[0], None)
    if photo.colour.dtype != np.uint8:
        raise ResoluteError(f"{path} has 16 bits per channel: data sets take 8-bit images, convert it first")
    if photo.alpha is not None and photo.alpha.min() < np.iinfo(np.uint8).max:
        raise ResoluteError(f"{path} has transparent pixels: data sets take opaque images, flatten it first")
    return photo.colour


def png_bytes(image: NDArray[np.uint8]) -> bytes:
    """A uint8 image, H x W or H x W x 3, as the content of a PNG file."""
    return encode(image, None, ".png")


def to_rgb(image: NDArray) -> NDArray:
    """H x W x 3 of any image: a grey one (H x W) is copied to three channels."""
    return image if image.ndim == 3 else np.repeat(image[:, :, None], 3, axis=2)


def write_png(path: Path, image: NDArray[np.uint8]) -> None:
    """Write a uint8 image, H x W or H x W x 3, as PNG; missing folders are made."""
    _write_whole(path, encode(image, None, ".png"))


def read_photo(path: Path) -> Photo:
    """A user's picture with all its bits, upright by its EXIF orientation.

    Palettes become RGB, and transparency of any kind an alpha channel. A damaged ICC profile is left out, and said.

    Raises:
        ResoluteError: absent, damaged or no image; any colour space but RGB and grey; several pages; too many
            pixels for the memory that is left.
    """
    pixels, profile = decode(path)
    if profile is not None and not _is_profile(profile):
        print(f"resolute: the ICC profile of {path} is damaged and is left out", file=sys.stderr)
        profile = None
    return _photo(pixels, profile)


def check_can_write(path: Path, photo: Photo, size: tuple[int, int] | None = None) -> None:
    """Refuse a place that takes no file, and a format that cannot hold the photo, before any work is done.

    Args:
        size: (height, width) of what will be written, where it is not the photo's own.

    Raises:
        ResoluteError: naming what can.
    """
    suffix = path.suffix.lower()
    is_deep = photo.colour.dtype == np.uint16
    height, width = size or photo.colour.shape[:2]
    if suffix not in LONGEST_SIDE:
        raise ResoluteError(f"cannot write {path}: the name must end in one of {', '.join(LONGEST_SIDE)}")
    _check_place(path)
    if suffix.startswith(".jp") and (is_deep or photo.alpha is not None):
        raise ResoluteError(f"cannot write {path}: JPEG has neither 16 bits nor transparency, name it .png")
    if suffix.startswith(".tif") and is_deep and photo.alpha is not None and photo.colour.ndim == 2:
        raise ResoluteError(f"cannot write {path}: 16-bit grey TIFF has no alpha, name it .png")
    longest = max(height, width)
    if longest > LONGEST_SIDE[suffix]:
        other = ".png" if longest <= LONGEST_SIDE[".png"] else ".tif"
        raise ResoluteError(
            f"cannot write {path}: it would have {width} x {height} pixels, and {suffix} files end at "
            f"{LONGEST_SIDE[suffix]:,} a side, name it {other}"
        )


def write_photo(path: Path, photo: Photo) -> None:
    """Write a photo in the format that the file name asks for: PNG, TIFF or JPEG.

    Raises:
        ResoluteError: the format cannot hold it (see `check_can_write`), or the disk refuses.
    """
    check_can_write(path, photo)
    pixels = photo.colour if photo.alpha is None else np.dstack((photo.colour, photo.alpha))
    _write_whole(path, encode(pixels, photo.icc_profile, path.suffix.lower()))


def _photo(pixels: NDArray, profile: bytes | None) -> Photo:
    if pixels.ndim == 2 or pixels.shape[2] == 3:
        return Photo(pixels, icc_profile=profile)
    colour = pixels[:, :, 0] if pixels.shape[2] == 2 else pixels[:, :, :3]
    return Photo(np.ascontiguousarray(colour), np.ascontiguousarray(pixels[:, :, -1]), profile)


def _is_profile(profile: Any) -> bool:
    """Whether something has an ICC profile's header: its length first, its signature at byte 36."""
    return (
        isinstance(profile, bytes)
        and 128 <= int.from_bytes(profile[:4], "big") <= len(profile) <= png.LONGEST
        and profile[36:40] == b"acsp"
    )


def _check_place(path: Path) -> None:
    """Refuse a place that takes no new file."""
    if not os.path.isdir(path.parent):  # noqa: PTH112 (`Path.is_dir` raises for a name that is too long)
        raise ResoluteError(f"cannot write {path}: the folder {path.parent} does not exist")
    if len(os.fsencode(path.name)) > LONGEST_NAME:
        raise ResoluteError(f"cannot write {path}: the name is longer than {LONGEST_NAME} bytes, shorten it")
    if path.exists() and not stat.S_ISREG(path.stat().st_mode):
        raise ResoluteError(f"cannot write {path}: it is a folder, a pipe or a device, give the name of a file")
    for place in (path.parent, *((path,) if path.exists() else ())):
        if not os.access(place, os.W_OK):
            raise ResoluteError(f"cannot write {path}: {place} is write-protected, give another place")


def _write_whole(path: Path, data: bytes) -> None:
    try:
        atomic.write(path, data)
    except OSError as error:
        raise ResoluteError(f"cannot write {path}: {error.strerror}") from None

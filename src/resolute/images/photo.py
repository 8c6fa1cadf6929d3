"""A user's picture read and written with all that its file holds: 8 or 16 bits, alpha, the ICC profile, EXIF data."""

import os
import stat
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from resolute.core import atomic
from resolute.core.errors import ResoluteError
from resolute.images import png
from resolute.images.decode import Photo, decode
from resolute.images.encode import FORMATS, LONGEST_EXIF, Header, write

LONGEST_NAME = 250  # bytes, of the 255 that file systems have; five more are needed while the file is written


def read_photo(path: Path) -> Photo:
    """A user's picture with all its bits, upright by its EXIF orientation.

    Palettes become RGB, and transparency of any kind an alpha channel. A damaged ICC profile is left out, and said.

    Raises:
        ResoluteError: absent, damaged or no image; any colour space but RGB and grey; several pages; too many
            pixels for the memory that is left.
    """
    photo = decode(path)
    if photo.icc_profile is not None and not _is_profile(photo.icc_profile):
        print(f"resolute: the ICC profile of {path} is damaged and is left out", file=sys.stderr)
        photo = replace(photo, icc_profile=None)
    if photo.exif is not None and len(photo.exif) > LONGEST_EXIF:
        print(f"resolute: the EXIF data of {path} are too long and are left out", file=sys.stderr)
        photo = replace(photo, exif=None)
    return photo


def check_can_write(path: Path, photo: Photo, size: tuple[int, int] | None = None) -> None:
    """Refuse a place that takes no file, and a format that cannot hold the photo, before any work is done.

    Args:
        size: (height, width) of what will be written, where it is not the photo's own.

    Raises:
        ResoluteError: naming what can.
    """
    suffix = path.suffix.lower()
    if suffix not in FORMATS:
        raise ResoluteError(f"cannot write {path}: the name must end in one of {', '.join(FORMATS)}")
    form = FORMATS[suffix]
    _check_place(path)
    lacks = [
        *(["16 bits"] if photo.colour.dtype == np.uint16 and not form.deep else []),
        *(["transparency"] if photo.alpha is not None and not form.alpha else []),
    ]
    if suffix.startswith(".tif") and photo.colour.dtype == np.uint16 and photo.channels == 2:
        lacks = ["transparency of 16-bit grey"]
    if lacks:
        raise ResoluteError(f"cannot write {path}: {suffix} files have no {' and no '.join(lacks)}, name it .png")
    height, width = size or photo.size
    longest = max(height, width)
    if longest > form.longest:
        other = ".png" if longest <= FORMATS[".png"].longest else ".tif"
        raise ResoluteError(
            f"cannot write {path}: it would have {width} x {height} pixels, and {suffix} files end at "
            f"{form.longest:,} a side, name it {other}"
        )


def write_photo(path: Path, photo: Photo, bands: Iterable[NDArray], size: tuple[int, int]) -> None:
    """Write what was made of a photo, with its metadata, in the format that the file name asks for.

    Args:
        bands: h x W x C each, the photo's channels in its dtype, from the top down.
        size: (H, W) of all bands together.

    Raises:
        ResoluteError: the format cannot hold it (see `check_can_write`), or the disk refuses.
    """
    check_can_write(path, photo, size)
    header = Header((*size, photo.channels), photo.colour.dtype, photo.icc_profile, photo.exif)
    try:
        with atomic.writing(path) as part, part.open("wb") as file:
            write(file, bands, header, path.suffix.lower())
    except OSError as error:
        raise ResoluteError(f"cannot write {path}: {error.strerror or error}") from None


def _is_profile(profile: bytes) -> bool:
    """Whether something has an ICC profile's header: its length first, its signature at byte 36."""
    return 128 <= int.from_bytes(profile[:4], "big") <= len(profile) <= png.LONGEST and profile[36:40] == b"acsp"


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

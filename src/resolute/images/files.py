"""Image files of data sets and evaluation, 8-bit RGB and grey only: read strictly, written whole or not at all."""

from pathlib import Path

import imagecodecs
import numpy as np
from numpy.typing import NDArray

from resolute.core import atomic
from resolute.core.errors import ResoluteError
from resolute.images.decode import decode


def read_image(path: Path) -> NDArray[np.uint8]:
    """The pixels of an image of a data set: uint8, H x W x 3 (RGB) or H x W (grey).

    Palettes are expanded to RGB, a fully opaque alpha channel is dropped.

    Raises:
        ResoluteError: absent, damaged or no image; 16 bits per channel; transparent pixels; any colour space
            but RGB and grey; several pages; too many pixels for the memory that is left.
    """
    photo = decode(path)
    if photo.colour.dtype != np.uint8:
        raise ResoluteError(f"{path} has 16 bits per channel: data sets take 8-bit images, convert it first")
    if photo.alpha is not None and photo.alpha.min() < np.iinfo(np.uint8).max:
        raise ResoluteError(f"{path} has transparent pixels: data sets take opaque images, flatten it first")
    return photo.colour


def png_bytes(image: NDArray[np.uint8]) -> bytes:
    """A uint8 image, H x W or H x W x 3, as the content of a PNG file."""
    return bytes(imagecodecs.png_encode(np.ascontiguousarray(image)))


def to_rgb(image: NDArray) -> NDArray:
    """H x W x 3 of any image: a grey one (H x W) is copied to three channels."""
    return image if image.ndim == 3 else np.repeat(image[:, :, None], 3, axis=2)


def write_png(path: Path, image: NDArray[np.uint8]) -> None:
    """Write a uint8 image, H x W or H x W x 3, as PNG; missing folders are made."""
    try:
        atomic.write(path, png_bytes(image))
    except OSError as error:
        raise ResoluteError(f"cannot write {path}: {error.strerror}") from None

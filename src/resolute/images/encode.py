"""Pixels to picture files, band by band, and what each format can hold."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

import imagecodecs
import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import Image

from resolute.images import png


@dataclass(frozen=True)
class Format:
    """What files of a suffix hold: sides of at most `longest` pixels, 16 bits per channel, an alpha channel.

    A format that is `streamed` is written as its rows come; the others need the whole picture in memory.
    """

    longest: int
    deep: bool = False
    alpha: bool = False
    streamed: bool = False


_PNG = Format(png.LONGEST_SIDE, deep=True, alpha=True, streamed=True)
_TIFF = Format(2**31 - 1, deep=True, alpha=True, streamed=True)
_JPEG = Format(65_500)
# libavif reads no more than 2^28 pixels back where nobody raises its limit.
_AVIF = Format(2**14, alpha=True)
FORMATS = {
    ".png": _PNG,
    ".tif": _TIFF,
    ".tiff": _TIFF,
    ".jpg": _JPEG,
    ".jpeg": _JPEG,
    ".webp": Format(16_383, alpha=True),
    ".avif": _AVIF,
}
JPEG_QUALITY = WEBP_QUALITY = 95
AVIF_QUALITY = 90
LONGEST_EXIF = 65_526  # bytes that a JPEG's segment takes
_STRIP = 64  # rows of a TIFF that are packed together
_CLASSIC = 2**31  # bytes of pixels from which a TIFF becomes a BigTIFF


@dataclass(frozen=True)
class Header:
    """What is known of a picture before its pixels: H x W x C, uint8 or uint16, and its metadata.

    C is 1 (grey), 2 (grey and alpha), 3 (RGB) or 4 (RGBA).
    """

    shape: tuple[int, int, int]
    dtype: np.dtype
    icc_profile: bytes | None = None
    exif: bytes | None = None


def write(file: BinaryIO, bands: Iterable[NDArray], header: Header, suffix: str) -> None:
    """Write a picture in the format of a suffix.

    Args:
        bands: h x W x C each, from the top down; together they are H rows.
    """
    if suffix == ".png":
        png.write(file, bands, header.shape, header.dtype, header.icc_profile, header.exif)
    elif suffix in (".tif", ".tiff"):
        _write_tiff(file, bands, header)
    else:
        _write_by_pillow(file, bands, header, suffix)


def _write_tiff(file: BinaryIO, bands: Iterable[NDArray], header: Header) -> None:
    height, width, channels = header.shape
    tifffile.imwrite(
        file,
        (_packed(strip) for strip in _strips(bands)),
        shape=header.shape if channels > 1 else (height, width),
        dtype=header.dtype,
        rowsperstrip=min(_STRIP, height),
        compression="adobe_deflate",
        predictor=True,
        photometric="rgb" if channels >= 3 else "minisblack",
        planarconfig="contig" if channels > 1 else None,
        extrasamples=["unassalpha"] if channels in (2, 4) else None,
        iccprofile=header.icc_profile,
        metadata=None,
        bigtiff=height * width * channels * header.dtype.itemsize > _CLASSIC,
    )


def _packed(strip: NDArray) -> bytes:
    return bytes(imagecodecs.zlib_encode(imagecodecs.delta_encode(strip, axis=1).tobytes()))


def _strips(bands: Iterable[NDArray]) -> Iterator[NDArray]:
    """The bands in strips of equal height, save the last."""
    rest: NDArray | None = None
    for band in bands:
        rows = band if rest is None else np.concatenate((rest, band))
        whole = len(rows) // _STRIP * _STRIP
        yield from (rows[start : start + _STRIP] for start in range(0, whole, _STRIP))
        rest = rows[whole:]
    if rest is not None and len(rest):
        yield rest


def _write_by_pillow(file: BinaryIO, bands: Iterable[NDArray], header: Header, suffix: str) -> None:
    pixels = np.empty(header.shape, header.dtype)
    row = 0
    for band in bands:
        pixels[row : row + len(band)] = band
        row += len(band)
    image = Image.fromarray(pixels[:, :, 0] if header.shape[2] == 1 else pixels)
    metadata = {"icc_profile": header.icc_profile, "exif": header.exif or b""}
    if suffix == ".webp":
        image.save(file, "WEBP", quality=WEBP_QUALITY, **metadata)
    elif suffix == ".avif":
        image.save(file, "AVIF", quality=AVIF_QUALITY, subsampling="4:4:4", **metadata)
    else:
        image.save(file, "JPEG", quality=JPEG_QUALITY, subsampling=0, **metadata)

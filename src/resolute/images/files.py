"""Image files: read strictly, written whole or not at all.

`read_image` and `write_png` serve data sets and evaluation, which know 8-bit RGB and grey only. `read_photo`
and `write_photo` serve the `upscale` command and keep what a user's picture holds: 8 or 16 bits, alpha, the
ICC profile.
"""

import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError
from PIL.ExifTags import Base as Tag
from PIL.TiffImagePlugin import TiffImageFile

from resolute.core import atomic
from resolute.core.errors import ResoluteError

FORMATS = ("PNG", "JPEG", "TIFF", "BMP", "WEBP")
WRITABLE = (".png", ".tif", ".tiff", ".jpg", ".jpeg")
JPEG_QUALITY = 95

# What the 8-bit modes that Pillow reads become, without and with transparency.
PLAIN = {"1": "L", "L": "L", "P": "RGB", "RGB": "RGB"}
TRANSPARENT = {"1": "LA", "L": "LA", "LA": "LA", "P": "RGBA", "PA": "RGBA", "RGB": "RGBA", "RGBA": "RGBA"}

PNG_BIT_DEPTH = 24  # position in the file: behind the signature, the IHDR chunk's length, name and image size
PNG_HEADER = 33  # signature and IHDR chunk
PILLOW_DAMAGE = (OSError, SyntaxError, TypeError, ValueError, EOFError, LookupError, struct.error, zlib.error)
CODEC_DAMAGE = (imagecodecs.PngError, imagecodecs.TiffError)

# EXIF orientation -> how the stored pixels become upright: swap rows and columns, then flip down, then right.
UPRIGHT = {
    2: (False, False, True),
    3: (False, True, True),
    4: (False, True, False),
    5: (True, False, False),
    6: (True, False, True),
    7: (True, True, True),
    8: (True, True, False),
}


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
            but RGB and grey; several pages; too many pixels.
    """
    photo = read_photo(path)
    if photo.colour.dtype != np.uint8:
        raise ResoluteError(f"{path} has 16 bits per channel: data sets take 8-bit images, convert it first")
    if photo.alpha is not None and photo.alpha.min() < np.iinfo(np.uint8).max:
        raise ResoluteError(f"{path} has transparent pixels: data sets take opaque images, flatten it first")
    return photo.colour


def png_bytes(image: NDArray[np.uint8]) -> bytes:
    """A uint8 image, H x W or H x W x 3, as the content of a PNG file."""
    return _encode_png(image, None)


def to_rgb(image: NDArray) -> NDArray:
    """H x W x 3 of any image: a grey one (H x W) is copied to three channels."""
    return image if image.ndim == 3 else np.repeat(image[:, :, None], 3, axis=2)


def write_png(path: Path, image: NDArray[np.uint8]) -> None:
    """Write a uint8 image, H x W or H x W x 3, as PNG; missing folders are made."""
    _write_whole(path, _encode_png(image, None))


def read_photo(path: Path) -> Photo:
    """A user's picture with all its bits, upright by its EXIF orientation.

    Palettes become RGB, and transparency of any kind an alpha channel.

    Raises:
        ResoluteError: absent, damaged or no image; any colour space but RGB and grey; several pages; too many
            pixels.
    """
    with _readable(path) as (data, image):
        frames = 1 if image.format == "MPO" else getattr(image, "n_frames", 1)  # MPO: JPEG with a preview
        if frames > 1:
            raise ResoluteError(f"{path} holds {frames} pages or frames: save the one you want as PNG")
        if _has_16_bits(data, image):
            orientation = image.getexif().get(Tag.Orientation, 1)
            pixels = _decode_16_bits(path, data, image)
        else:
            pixels = _decode_8_bits(path, image)
            orientation = image.getexif().get(Tag.Orientation, 1)  # Pillow has turned TIFFs already
        profile = image.info.get("icc_profile")
    pixels = _upright(pixels, orientation)
    if pixels.ndim == 2 or pixels.shape[2] == 3:
        return Photo(pixels, icc_profile=profile)
    colour = pixels[:, :, 0] if pixels.shape[2] == 2 else pixels[:, :, :3]
    return Photo(np.ascontiguousarray(colour), np.ascontiguousarray(pixels[:, :, -1]), profile)


def check_can_write(path: Path, photo: Photo) -> None:
    """Refuse a file name whose format cannot hold what the photo holds, before any work is done.

    Raises:
        ResoluteError: naming a format that can.
    """
    suffix = path.suffix.lower()
    is_deep = photo.colour.dtype == np.uint16
    if suffix not in WRITABLE:
        raise ResoluteError(f"cannot write {path}: the name must end in one of {', '.join(WRITABLE)}")
    if not path.parent.is_dir():
        raise ResoluteError(f"cannot write {path}: the folder {path.parent} does not exist")
    if suffix.startswith(".jp") and (is_deep or photo.alpha is not None):
        raise ResoluteError(f"cannot write {path}: JPEG has neither 16 bits nor transparency, name it .png")
    if suffix.startswith(".tif") and is_deep and photo.alpha is not None and photo.colour.ndim == 2:
        raise ResoluteError(f"cannot write {path}: 16-bit grey TIFF has no alpha, name it .png")


def write_photo(path: Path, photo: Photo) -> None:
    """Write a photo in the format that the file name asks for: PNG, TIFF or JPEG.

    Raises:
        ResoluteError: the format cannot hold it (see `check_can_write`), or the disk refuses.
    """
    check_can_write(path, photo)
    pixels = photo.colour if photo.alpha is None else np.dstack((photo.colour, photo.alpha))
    suffix = path.suffix.lower()
    if suffix == ".png":
        data = _encode_png(pixels, photo.icc_profile)
    elif suffix.startswith(".tif"):
        data = _encode_tiff(pixels, photo.icc_profile)
    else:
        data = _encode_jpeg(pixels, photo.icc_profile)
    _write_whole(path, data)


@contextmanager
def _readable(path: Path) -> Iterator[tuple[bytes, Image.Image]]:
    """A file's bytes and the image in them, with every way of failing turned into one line."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ResoluteError(f"cannot read the image {path}: {error.strerror}") from None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # damaged metadata does not matter
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            Image.open(BytesIO(data), formats=FORMATS).verify()  # PNG's checksums; decoding skips some
            with Image.open(BytesIO(data), formats=FORMATS) as image:
                yield data, image
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        limit = (Image.MAX_IMAGE_PIXELS or 0) // 10**6
        raise ResoluteError(f"{path} has more than {limit} million pixels: cut it into parts first") from None
    except UnidentifiedImageError:
        known = ", ".join(FORMATS)
        raise ResoluteError(f"{path} is not an image, or damaged at its start: known formats are {known}") from None
    except PILLOW_DAMAGE + CODEC_DAMAGE as error:
        reason = " ".join(str(error).split())
        raise ResoluteError(f"{path} is damaged or cut short ({reason}): replace the file") from None


def _has_16_bits(data: bytes, image: Image.Image) -> bool:
    """Whether the file has 16 bits per channel, which Pillow cuts to 8 without a word."""
    if isinstance(image, TiffImageFile):
        return max(image.tag_v2.get(Tag.BitsPerSample, (8,))) == 16
    return image.format == "PNG" and data[PNG_BIT_DEPTH] == 16


def _decode_8_bits(path: Path, image: Image.Image) -> NDArray:
    mode = (TRANSPARENT if image.has_transparency_data else PLAIN).get(image.mode)
    if mode is None:
        raise ResoluteError(f"{path} is a {image.mode} image: only RGB, grey and palettes are read, convert it")
    image.load()
    return np.array(image.convert(mode))


def _decode_16_bits(path: Path, data: bytes, image: Image.Image) -> NDArray:
    if not isinstance(image, TiffImageFile):
        return imagecodecs.png_decode(data)
    tags = image.tag_v2
    is_usual = (
        tags.get(Tag.PhotometricInterpretation) in (1, 2)  # black is zero, RGB
        and tags.get(Tag.PlanarConfiguration, 1) == 1  # channels interleaved
        and tags.get(Tag.ExtraSamples, (2,)) == (2,)  # alpha not multiplied in
        and set(tags.get(Tag.SampleFormat, (1,))) == {1}  # unsigned
    )
    if not is_usual:
        raise ResoluteError(f"{path} is a 16-bit TIFF of an unusual layout: save it as PNG first")
    return imagecodecs.tiff_decode(data)


def _upright(pixels: NDArray, orientation: int) -> NDArray:
    swapped, down, right = UPRIGHT.get(orientation, (False, False, False))
    if swapped:
        pixels = pixels.swapaxes(0, 1)
    if down:
        pixels = pixels[::-1]
    if right:
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels)


def _encode_png(pixels: NDArray, profile: bytes | None) -> bytes:
    data = bytes(imagecodecs.png_encode(np.ascontiguousarray(pixels)))
    if profile is None:
        return data
    body = b"iCCP" + b"ICC profile\0\0" + zlib.compress(profile)
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    return data[:PNG_HEADER] + chunk + data[PNG_HEADER:]


def _encode_tiff(pixels: NDArray, profile: bytes | None) -> bytes:
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    data = imagecodecs.tiff_encode(
        np.ascontiguousarray(pixels),
        compression=imagecodecs.TIFF.COMPRESSION.ADOBE_DEFLATE,
        predictor=imagecodecs.TIFF.PREDICTOR.HORIZONTAL,
        photometric="rgb" if channels >= 3 else "minisblack",
        extrasample="unassalpha" if channels in (2, 4) else None,
        iccprofile=profile,
    )
    return bytes(data)


def _encode_jpeg(pixels: NDArray, profile: bytes | None) -> bytes:
    buffer = BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=JPEG_QUALITY, subsampling=0, icc_profile=profile)
    return buffer.getvalue()


def _write_whole(path: Path, data: bytes) -> None:
    try:
        atomic.write(path, data)
    except OSError as error:
        raise ResoluteError(f"cannot write {path}: {error.strerror}") from None

"""Any picture file to its pixels, upright, with all its bits; what cannot be read is one line.

What a file claims is checked against what it holds and what memory is left before its pixels are decoded.
"""

import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError
from PIL.ExifTags import IFD
from PIL.ExifTags import Base as Tag
from PIL.ImageFile import ImageFile
from PIL.TiffImagePlugin import ImageFileDirectory_v2, TiffImageFile

from resolute.core import memory
from resolute.core.errors import ResoluteError
from resolute.core.reading import brief, check_regular
from resolute.images import png

Image.MAX_IMAGE_PIXELS = None  # the limit follows from the machine's memory

FORMATS = ("PNG", "JPEG", "TIFF", "BMP", "WEBP", "AVIF")
TIFF_STARTS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
JPEG_START = b"\xff\xd8\xff"
JPEG_SCAN, JPEG_JFIF, JFIF_BYTES = 0xDA, 0xE0, 18
JPEG_METADATA = (*range(0xE2, 0xEE), 0xEF, 0xFE)  # all application segments but JFIF, EXIF and Adobe's; comments

# What the 8-bit modes that Pillow reads become, without and with transparency.
PLAIN = {"1": "L", "L": "L", "P": "RGB", "RGB": "RGB"}
TRANSPARENT = {"1": "LA", "L": "LA", "LA": "LA", "P": "RGBA", "PA": "RGBA", "RGB": "RGBA", "RGBA": "RGBA"}

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

# How many bytes of pixels one byte of a file can stand for, by format or a TIFF's compression.
EXPANSION: dict[str, float] = {
    "PNG": 1032,
    "tiff_adobe_deflate": 1032,
    "tiff_deflate": 1032,
    "tiff_lzw": 2**12,
    "packbits": 64,
    "raw": 1,
}
EXPANSION |= {"BMP": 128, "WEBP": math.inf, "AVIF": math.inf}  # the last two bound their sides
OTHERS_EXPAND = 2**16
ALWAYS_TAKEN = 2**26  # bytes of pixels that are too few to matter, whatever they are claimed by
COPIES = 4  # of the pixels, at the peak of decoding
SAMPLES = {1: "unsigned", 2: "signed", 3: "floating-point"}  # a TIFF's sample formats


@dataclass(frozen=True)
class Photo:
    """A picture as its file holds it, upright.

    Attributes:
        colour: H x W (grey) or H x W x 3 (RGB), uint8 or uint16.
        alpha: H x W of the same dtype, or None.
        icc_profile: as the file has it, which may be anything.
        exif: without orientation and size, which are no longer so; none of a TIFF's, where they are tags among others.
    """

    colour: NDArray
    alpha: NDArray | None = None
    icc_profile: bytes | None = None
    exif: bytes | None = None

    @property
    def size(self) -> tuple[int, int]:
        """(height, width)."""
        return self.colour.shape[0], self.colour.shape[1]

    @property
    def channels(self) -> int:
        """Of colour and alpha together: 1 to 4."""
        return (1 if self.colour.ndim == 2 else 3) + (self.alpha is not None)

    @property
    def pixels(self) -> NDArray:
        """H x W x channels: colour, then alpha."""
        colour = self.colour.reshape(*self.size, -1)
        return colour if self.alpha is None else np.dstack((colour, self.alpha))


def decode(path: Path) -> Photo:
    """A picture file with all that it holds. Palettes become RGB, and transparency of any kind an alpha channel.

    Raises:
        ResoluteError: absent, damaged or no image; any colour space but RGB and grey; several pages; too large for
            the memory that is left.
    """
    with _in_one_line(path):
        data = _content(path)
        if data.startswith(png.SIGNATURE):
            parts = png.parse(data)
            data = parts.pixels
            frames, depth, bits = parts.frames, parts.depth, parts.bits
            image = Image.open(BytesIO(data), formats=FORMATS)
            image.info.update(parts.info)
        else:
            image = _open(data)
            frames = 1 if image.format == "MPO" else getattr(image, "n_frames", 1)  # MPO: JPEG with a preview
            depth, bits = _tiff_depth(image) if isinstance(image, TiffImageFile) else (8, 8 * len(image.getbands()))
            if not isinstance(image.info.get("xmp", b""), bytes):
                del image.info["xmp"]  # Pillow would give up the picture for it
        if frames > 1:
            raise ResoluteError(f"{path} holds {frames} pages or frames: save the one you want as PNG")
        _check_claims(path, image, bits, len(data))
        if depth == 16:  # Pillow cuts these to 8 without a word
            orientation = _orientation(image)
            pixels = _decode_16_bits(path, data, image)
        else:
            pixels = _decode_8_bits(path, image)
            orientation = _orientation(image)  # Pillow has turned TIFFs already
        profile = image.info.get("icc_profile")
        return _photo(_upright(pixels, orientation), profile if isinstance(profile, bytes) else None, _exif(image))


def _photo(pixels: NDArray, icc_profile: bytes | None, exif: bytes | None) -> Photo:
    if pixels.ndim == 2 or pixels.shape[2] == 3:
        return Photo(pixels, None, icc_profile, exif)
    colour = pixels[:, :, 0] if pixels.shape[2] == 2 else pixels[:, :, :3]
    return Photo(np.ascontiguousarray(colour), np.ascontiguousarray(pixels[:, :, -1]), icc_profile, exif)


def _open(data: bytes) -> ImageFile:
    try:
        return Image.open(BytesIO(data), formats=FORMATS)
    except UnidentifiedImageError:
        if not data.startswith(JPEG_START):
            raise
        return Image.open(BytesIO(_without_metadata(data)), formats=FORMATS)


def _without_metadata(data: bytes) -> bytes:
    """A JPEG file without the segments before its scans that do not decide about pixels or their orientation."""
    kept, position = [data[:2]], 2
    while data[position : position + 1] == b"\xff" and (marker := data[position + 1]) != JPEG_SCAN:
        end = position + 2 + int.from_bytes(data[position + 2 : position + 4], "big")
        is_metadata = marker in JPEG_METADATA or (marker == JPEG_JFIF and end - position < JFIF_BYTES)
        kept.append(b"" if is_metadata else data[position:end])
        position = end
    return b"".join((*kept, data[position:]))


def _content(path: Path) -> bytes:
    try:
        check_regular(path)
        memory.require(2 * path.stat().st_size, f"the file {path}", "give a smaller picture")
        return path.read_bytes()
    except OSError as error:
        raise ResoluteError(f"cannot read the image {path}: {error.strerror}") from None


@contextmanager
def _in_one_line(path: Path) -> Iterator[None]:
    """Every way of failing becomes one line: decoders raise what they like."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # damaged metadata does not matter
        try:
            yield
        except ResoluteError:
            raise
        except UnidentifiedImageError:
            raise ResoluteError(f"{path} {_why_unknown(path)}") from None
        except MemoryError as error:
            raise ResoluteError(f"{path} does not fit into memory: cut it into parts first") from error
        except Exception as error:
            raise ResoluteError(f"{path} is damaged or cut short ({brief(error)}): replace the file") from error


def _why_unknown(path: Path) -> str:
    """What a file is that Pillow does not open, and what to do."""
    data = path.read_bytes()
    if data.startswith(TIFF_STARTS):
        try:
            tags = ImageFileDirectory_v2(data[: 16 if data[2] == 43 else 8])
            stream = BytesIO(data)
            stream.seek(tags.next)
            tags.load(stream)
            bits, kinds = _numbers(tags, Tag.BitsPerSample, 1), _numbers(tags, Tag.SampleFormat, 1)
            samples = max(len(bits), *_numbers(tags, Tag.SamplesPerPixel, 1))
            if kinds[0] != 1 or max(bits) not in (1, 8, 16) or samples > 4:
                return (
                    f"is a TIFF of {samples} {SAMPLES.get(kinds[0], 'unusual')} samples of {max(bits)} bits per pixel, "
                    "which is not read: scale it to 8 or 16 bits and save it as RGB or grey PNG"
                )
        except Exception:
            pass
    return f"is not an image, or damaged at its start: known formats are {', '.join(FORMATS)}"


def _numbers(tags: Any, tag: int, default: int) -> tuple[int, ...]:
    """The values of a TIFF's tag; the default for what is no list of whole numbers."""
    values = tags.get(tag, default)
    values = values if isinstance(values, tuple) else (values,)
    return values if values and all(isinstance(value, int) for value in values) else (default,)


def _tiff_depth(image: TiffImageFile) -> tuple[int, int]:
    """Bits per channel and per pixel."""
    bits = _numbers(image.tag_v2, Tag.BitsPerSample, 1)
    samples = max(_numbers(image.tag_v2, Tag.SamplesPerPixel, 1))
    return max(bits), max(sum(bits), samples * max(bits))


def _check_claims(path: Path, image: Image.Image, bits: int, held: int) -> None:
    """Refuse a size that the file cannot hold, or that does not fit into memory.

    Args:
        bits: per pixel, as they are stored.
        held: bytes of the file.
    """
    width, height = image.size
    claimed = width * height
    expansion = EXPANSION.get(image.format or "", OTHERS_EXPAND)
    if isinstance(image, TiffImageFile):
        sides = [max(_numbers(image.tag_v2, tag, 0)) for tag in (Tag.TileWidth, Tag.TileLength)]
        claimed = max(claimed, sides[0] * sides[1])
        expansion = EXPANSION.get(image.info.get("compression", ""), OTHERS_EXPAND)
    if claimed * bits / 8 > ALWAYS_TAKEN + held * expansion:
        raise ResoluteError(
            f"{path} is damaged or cut short (it claims {claimed:,} pixels and holds {held:,} bytes): replace the file"
        )
    unpacked = max(bits, 8 * len(image.getbands())) / 8
    memory.require(
        claimed * unpacked * COPIES, f"{path}, {width} x {height} pixels,", "cut it into parts first, or free memory"
    )


def _decode_8_bits(path: Path, image: Image.Image) -> NDArray:
    mode = (TRANSPARENT if image.has_transparency_data else PLAIN).get(image.mode)
    if mode is None:
        raise ResoluteError(f"{path} is a {image.mode} image: only RGB, grey and palettes are read, convert it")
    image.load()
    return np.array(image.convert(mode))


def _decode_16_bits(path: Path, data: bytes, image: Image.Image) -> NDArray:
    if not isinstance(image, TiffImageFile):
        if max(image.size) > png.LONGEST_SIDE:
            raise ResoluteError(f"{path} has more than {png.LONGEST_SIDE:,} pixels a side at 16 bits: save it as TIFF")
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


def _orientation(image: Image.Image) -> int:
    """The EXIF orientation; upright where the EXIF data are damaged."""
    try:
        value = image.getexif().get(Tag.Orientation, 1)
    except Exception:  # metadata never decides about pixels
        return 1
    return value if isinstance(value, int) else 1


def _exif(image: Image.Image) -> bytes | None:
    """The EXIF data to go with upright pixels of another size; None where there are none, or damaged ones."""
    if isinstance(image, TiffImageFile):
        return None
    try:
        exif = image.getexif()
        exif.pop(Tag.Orientation, None)
        camera = exif.get_ifd(IFD.Exif)
        for tag in (Tag.ExifImageWidth, Tag.ExifImageHeight):
            camera.pop(tag, None)
        return exif.tobytes() if len(exif) else None
    except Exception:  # metadata never decides about pixels
        return None


def _upright(pixels: NDArray, orientation: int) -> NDArray:
    swapped, down, right = UPRIGHT.get(orientation, (False, False, False))
    if swapped:
        pixels = pixels.swapaxes(0, 1)
    if down:
        pixels = pixels[::-1]
    if right:
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels)

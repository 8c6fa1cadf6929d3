"""Pixels to the bytes of a picture file, and what each format can hold."""

from io import BytesIO

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from resolute.images import png

JPEG_QUALITY = 95
# The longest side in pixels, by suffix. TIFFs of more than 2 GB become BigTIFFs.
LONGEST_SIDE = {".png": png.LONGEST_SIDE, ".tif": 2**31 - 1, ".tiff": 2**31 - 1, ".jpg": 65_500, ".jpeg": 65_500}


def encode(pixels: NDArray, profile: bytes | None, suffix: str) -> bytes:
    """The file for H x W (grey) or H x W x 2, 3 or 4 pixels, uint8 or uint16, in the format of a suffix."""
    if suffix == ".png":
        return _encode_png(pixels, profile)
    return _encode_tiff(pixels, profile) if suffix.startswith(".tif") else _encode_jpeg(pixels, profile)


def _encode_png(pixels: NDArray, profile: bytes | None) -> bytes:
    data = bytes(imagecodecs.png_encode(np.ascontiguousarray(pixels)))
    return data if profile is None else png.with_profile(data, profile)


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

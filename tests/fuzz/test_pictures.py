"""Pictures of any content: pixels or one line, in bounded memory and time."""

import io
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
from PIL import Image, ImageCms
from PIL.ExifTags import Base as Tag
from tests.fuzz.mutations import attack, wanted

from resolute.images.photo import read_photo

RNG = np.random.default_rng(0)
RGBA = (RNG.integers(0, 256, (24, 36, 4)) // [1, 2, 64, 8]).astype(np.uint8)
DEEP = RGBA.astype(np.uint16) * 250
PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def saved(form: str, image: Image.Image, **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, form, **options)
    return stream.getvalue()


@pytest.fixture(scope="module")
def pictures() -> dict[str, bytes]:
    """A small picture of every format, depth and compression that is read."""
    rgba = Image.fromarray(RGBA)
    rgb, grey, palette = rgba.convert("RGB"), rgba.convert("L"), rgba.convert("RGB").quantize(16)
    exif = Image.Exif()
    exif[Tag.Orientation] = 6
    facts = {"exif": exif.tobytes(), "icc_profile": PROFILE}
    tiffs = {
        f"{name}.tif": saved("TIFF", image, compression=name, **facts)
        for name, image in {
            "raw": rgba, "tiff_lzw": rgb, "tiff_adobe_deflate": palette, "packbits": grey, "jpeg": rgb,
            "group4": grey.convert("1"), "zstd": rgb, "lzma": rgb,
        }.items()
    }  # fmt: skip
    kinds: list[tuple[np.ndarray, dict[str, Any]]] = [
        (DEEP[:, :, :3], {"photometric": "rgb", "compression": 8, "tile": (16, 16)}),
        (DEEP, {"photometric": "rgb", "extrasample": "unassalpha", "bigtiff": True}),
        (DEEP[:, :, 0], {"compression": 5, "predictor": 2, "rowsperstrip": 5}),
    ]
    deep = {
        f"deep{number}.tif": bytes(imagecodecs.tiff_encode(pixels, **options))
        for number, (pixels, options) in enumerate(kinds)
    }
    return tiffs | deep | {
        "rgb.png": saved("PNG", rgb, **facts),
        "rgba.png": saved("PNG", rgba),
        "palette.png": saved("PNG", palette, transparency=3),
        "1bit.png": saved("PNG", grey.convert("1")),
        "animated.png": saved("PNG", rgb, save_all=True, append_images=[rgb.rotate(90)]),
        "deep.png": bytes(imagecodecs.png_encode(DEEP[:, :, :3].copy())),
        "deep_alpha.png": bytes(imagecodecs.png_encode(DEEP[:, :, :2].copy())),
        "rgb.jpg": saved("JPEG", rgb, **facts),
        "progressive.jpg": saved("JPEG", grey, progressive=True),
        "cmyk.jpg": saved("JPEG", rgb.convert("CMYK")),
        "rgb.bmp": saved("BMP", rgb),
        "palette.bmp": saved("BMP", palette),
        "lossy.webp": saved("WEBP", rgb, **facts),
        "lossless.webp": saved("WEBP", rgba, lossless=True),
    }  # fmt: skip


def read(folder: Path, data: bytes) -> None:
    path = folder / "picture"
    path.write_bytes(data)
    assert read_photo(path).colour.dtype in (np.uint8, np.uint16)


@pytest.mark.parametrize("count", [300, pytest.param(10_000, marks=pytest.mark.attack)])
def test_a_mutated_picture_is_read_or_one_line(count: int, pictures: dict[str, bytes], tmp_path: Path) -> None:
    for data in pictures.values():
        if data not in (pictures["animated.png"], pictures["cmyk.jpg"]):
            read(tmp_path, data)
    count = wanted(count)
    outcomes = attack(lambda data: read(tmp_path, data), pictures, count)
    assert not outcomes.unclean, outcomes
    assert outcomes.counts["read"] > count / 10 and outcomes.counts["refused"] > count / 10

"""Several images in one file: PNGs in a zip archive, which any file manager opens."""

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image

from resolute.core import atomic, layout
from resolute.core.errors import ResoluteError
from resolute.core.reading import reading


def zip_images(path: Path, images: Mapping[str, np.ndarray]) -> None:
    """Write images (H x W x 3 or H x W, uint8) as `<name>.png`; equal images make equal bytes, none an empty file."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name in sorted(images):
            png = io.BytesIO()
            Image.fromarray(images[name]).save(png, "png", optimize=True)
            # A ZipInfo that is told nothing bears the date 1 January 1980.
            archive.writestr(zipfile.ZipInfo(f"{name}.png"), png.getvalue())
    atomic.write(path, content.getvalue())


def unzip_image(path: Path, name: str, repair: str = "name it in evaluate.keep of params.yaml") -> np.ndarray:
    """One image of an archive, H x W x 3, uint8: of one that was H x W, all channels are equal.

    Raises:
        ResoluteError: the archive is absent or damaged, or has no such image.
    """
    with reading(path), zipfile.ZipFile(path) as archive:
        if f"{name}.png" not in archive.namelist():
            raise ResoluteError(f"{layout.relative(path)} has no image '{name}': {repair}")
        return np.asarray(Image.open(io.BytesIO(archive.read(f"{name}.png"))).convert("RGB"))

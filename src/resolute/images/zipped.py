"""Several images in one file: PNGs in a zip archive, which any file manager opens."""

import io
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image

from resolute.core import atomic, layout
from resolute.core.errors import ResoluteError
from resolute.core.reading import reading


@contextmanager
def zipping(path: Path) -> Iterator[Callable[[str, np.ndarray], None]]:
    """Yields what adds an image (H x W x 3 or H x W, uint8) as `<name>.png` to an archive.

    It is there whole or not at all. Equal images in equal order make equal bytes, none an empty archive.
    """
    with atomic.writing(path) as part, zipfile.ZipFile(part, "w") as archive:

        def add(name: str, image: np.ndarray) -> None:
            png = io.BytesIO()
            Image.fromarray(image).save(png, "png", optimize=True)
            # A ZipInfo that is told nothing bears the date 1 January 1980.
            archive.writestr(zipfile.ZipInfo(f"{name}.png"), png.getvalue())

        yield add


def zip_images(path: Path, images: Mapping[str, np.ndarray]) -> None:
    """Write an archive of images in the order of their names, as `zipping` does."""
    with zipping(path) as add:
        for name in sorted(images):
            add(name, images[name])


def unzip_image(path: Path, name: str, repair: str = "name it in evaluate.keep of params.yaml") -> np.ndarray:
    """One image of an archive, H x W x 3, uint8: of one that was H x W, all channels are equal.

    Raises:
        ResoluteError: the archive is absent or damaged, or has no such image.
    """
    with reading(path), zipfile.ZipFile(path) as archive:
        if f"{name}.png" not in archive.namelist():
            raise ResoluteError(f"{layout.relative(path)} has no image '{name}': {repair}")
        return np.asarray(Image.open(io.BytesIO(archive.read(f"{name}.png"))).convert("RGB"))

"""Images in one archive: exact, always the same bytes, and clear about what is wrong."""

import zipfile
from pathlib import Path

import numpy as np
import pytest

from resolute.core.errors import ResoluteError
from resolute.images.zipped import unzip_image, zip_images


def test_images_come_back_exactly_and_equal_ones_make_equal_bytes(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    images = {name: random.integers(0, 256, (5, 7, 3), dtype=np.uint8) for name in ("b", "a")}
    zip_images(tmp_path / "one.zip", images)
    zip_images(tmp_path / "two.zip", dict(reversed(images.items())))
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    for name, image in images.items():
        assert (unzip_image(tmp_path / "one.zip", name) == image).all()


def test_an_archive_of_nothing_is_an_archive(tmp_path: Path) -> None:
    zip_images(tmp_path / "none.zip", {})
    assert zipfile.ZipFile(tmp_path / "none.zip").namelist() == []


def test_faults_are_one_clear_line(tmp_path: Path) -> None:
    path = tmp_path / "images.zip"
    with pytest.raises(ResoluteError, match=r"images\.zip is not there"):
        unzip_image(path, "a")
    path.write_bytes(b"PK no archive")
    with pytest.raises(ResoluteError, match="is damaged"):
        unzip_image(path, "a")

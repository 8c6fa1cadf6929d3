"""The patch index and the packed pixels."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from resolute import datasets
from resolute.core import layout
from resolute.core.errors import ResoluteError
from resolute.degrade import degrade
from resolute.fetch import fetch_dataset
from resolute.images.files import read_image, to_rgb
from resolute.images.imresize import crop_to_multiple
from resolute.images.pack import open_pack
from resolute.patches import make_patches
from resolute.patches.difficulty import categorise, gradient_scores, thresholds
from resolute.patches.make import grid


@pytest.fixture
def index(project: Path) -> pd.DataFrame:
    fetch_dataset("embedded", [4.0], ["train"])
    degrade("embedded", 4.0)
    return pd.read_parquet(make_patches("embedded", 4.0, ["train"], lr_size=32, lr_stride=16, categories=10))


def test_scores_are_those_of_a_slow_and_plain_sobel(index: pd.DataFrame) -> None:
    image = next(lr for lr in datasets.lr_images("embedded", "train", 4.0) if lr.name == "rocket")
    rgb = read_image(image.path).astype(float)
    y = 16 + (65.481 * rgb[..., 0] + 128.553 * rgb[..., 1] + 24.966 * rgb[..., 2]) / 255
    kernel = np.array([[1, 0, -1], [2, 0, -2], [1, 0, -1]])
    magnitude = np.sqrt(
        ndimage.correlate(y, kernel, mode="reflect") ** 2 + ndimage.correlate(y, kernel.T, mode="reflect") ** 2
    )
    for patch in index[index["image"] == "rocket"].itertuples():
        window = magnitude[patch.row : patch.row + 32, patch.column : patch.column + 32]
        # Same sums in another order: float64 rounding only.
        assert patch.gradient_mean == pytest.approx(window.mean(), rel=1e-12)
        assert patch.gradient_std == pytest.approx(window.std(), rel=1e-12)
    assert (index["difficulty"] == index["gradient_mean"] + index["gradient_std"]).all()


def test_categories_are_equally_full_and_ordered_by_difficulty(index: pd.DataFrame) -> None:
    sizes = index.groupby("category").size()
    assert list(sizes.index) == list(range(1, 11))
    assert sizes.max() - sizes.min() <= 1
    by_category = index.groupby("category")["difficulty"]
    assert (by_category.max().to_numpy()[:-1] <= by_category.min().to_numpy()[1:]).all()
    facts = json.loads(pq.read_schema(layout.patch_index("embedded", 4.0)).metadata[b"provenance"])
    again = categorise(index["difficulty"].to_numpy(), np.array(facts["thresholds"]))
    assert (again == index["category"]).all()


def test_the_pack_holds_the_images_pixel_for_pixel(index: pd.DataFrame) -> None:
    pack = open_pack("embedded", 4.0)
    lr_images = datasets.lr_images("embedded", "train", 4.0)
    hr_images = datasets.images("embedded", "train", 4.0)
    assert [image.name for image in pack.images] == [image.name for image in lr_images]
    for number, (lr, hr) in enumerate(zip(lr_images, hr_images, strict=True)):
        assert np.array_equal(pack.lr(number), to_rgb(read_image(lr.path)))
        assert np.array_equal(pack.hr(number), to_rgb(crop_to_multiple(read_image(hr.path), 4)))
    assert len(pack.image) == len(index)


def test_the_files_are_the_same_bytes_every_time(index: pd.DataFrame) -> None:
    paths = layout.patch_index("embedded", 4.0), layout.patch_pixels("embedded", 4.0)
    first = [path.read_bytes() for path in paths]
    make_patches("embedded", 4.0, ["train"], lr_size=32, lr_stride=16, categories=10)
    assert [path.read_bytes() for path in paths] == first


def test_faults_are_one_clear_line(index: pd.DataFrame) -> None:
    with pytest.raises(ResoluteError, match="no image of embedded holds a patch of 500x500"):
        make_patches("embedded", 4.0, ["train"], lr_size=500, lr_stride=16, categories=10)
    pixels = layout.patch_pixels("embedded", 4.0)
    np.save(pixels, np.load(pixels)[:-3])
    with pytest.raises(ResoluteError, match="are not of one run"):
        open_pack("embedded", 4.0)
    pixels.unlink()
    with pytest.raises(ResoluteError, match="run `resolute patches embedded --scale 4`"):
        open_pack("embedded", 4.0)


@given(st.integers(8, 200), st.integers(1, 8), st.integers(1, 40))
def test_the_grid_covers_a_side_to_its_end(side: int, size: int, stride: int) -> None:
    positions = grid(side, size, stride)
    assert positions[0] == 0
    assert positions[-1] == side - size
    assert (np.diff(positions) <= stride).all()


@given(st.lists(st.floats(0, 1e3), min_size=10, max_size=60), st.integers(2, 10))
def test_categories_follow_difficulty(values: list[float], categories: int) -> None:
    difficulty = np.array(values)
    category = categorise(difficulty, thresholds(difficulty, categories))
    assert ((category >= 1) & (category <= categories)).all()
    order = np.argsort(difficulty, kind="stable")
    assert (np.diff(category[order]) >= 0).all()


def test_a_flat_patch_is_the_easiest() -> None:
    lr = np.full((40, 40, 3), 90, np.uint8)
    lr[:, 20:] = 10
    mean, std = gradient_scores(lr, np.array([0, 0]), np.array([0, 12]), 16)
    assert (mean[0], std[0]) == (0, 0)
    assert mean[1] > 0 < std[1]

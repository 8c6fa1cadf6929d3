"""What the patch index says of a patch, against slow and plain ways to say it."""

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional

from resolute import datasets
from resolute.core.errors import ResoluteError
from resolute.degrade import degrade
from resolute.fetch import fetch_dataset
from resolute.images.edges import edge_score
from resolute.images.files import read_image, to_rgb
from resolute.images.pack import SCORES, open_pack
from resolute.patches import make_patches, pack_hr
from resolute.patches.difficulty import categorise, edge_scores, equal_widths, quantiles
from resolute.patches.informative import enlarge, informative_scores


def test_edges_are_those_of_the_patch_by_itself() -> None:
    lr = np.random.default_rng(0).integers(0, 256, (40, 50, 3), dtype=np.uint8)
    rows, columns = np.array([24, 0, 3, 3]), np.array([0, 34, 5, 2])
    alone = [edge_score(lr[row : row + 16, column : column + 16]) for row, column in zip(rows, columns, strict=True)]
    assert edge_scores(lr, rows, columns, 16).tolist() == alone


@pytest.mark.parametrize(("height", "width"), [(96, 80), (89, 74), (24, 20), (25, 61)])
def test_bilinear_enlargement_is_torchs(height: int, width: int) -> None:
    lr = np.random.default_rng(0).integers(0, 256, (24, 20, 3), dtype=np.uint8)
    image_BCHW = torch.from_numpy(lr).permute(2, 0, 1)[None].double()
    expected = functional.interpolate(image_BCHW, size=(height, width), mode="bilinear", align_corners=False)
    # Levels up to 255 in float32, whose rounding is 3e-5 there.
    assert enlarge(lr, height, width) == pytest.approx(expected[0].permute(1, 2, 0).numpy(), abs=1e-4)


@pytest.mark.parametrize(("scale", "border"), [(4.0, 10), (3.0, 9), (2.5, 8)])
def test_informative_is_the_psnr_of_the_patch_without_the_images_border(scale: float, border: int) -> None:
    generator = np.random.default_rng(0)
    lr = generator.integers(0, 256, (40, 50, 3), dtype=np.uint8)
    height, width = round(40 * scale), round(50 * scale)
    hr = generator.integers(0, 256, (height, width, 3), dtype=np.uint8)
    squares = ((enlarge(lr, height, width).astype(float) - hr) / 255) ** 2
    counted = np.zeros((height, width), dtype=bool)
    counted[border:-border, border:-border] = True
    rows, columns = np.array([0, 24, 3, 11]), np.array([0, 34, 5, 34])
    found = informative_scores(lr, hr, scale, rows, columns, 16)
    for row, column, score in zip(rows, columns, found, strict=True):
        top, left, side = round(row * scale), round(column * scale), round(16 * scale)
        patch = np.s_[top : top + side, left : left + side]
        assert score == pytest.approx(-10 * np.log10(squares[patch][counted[patch]].mean() + 1e-9), abs=1e-4)


def test_what_interpolation_restores_teaches_least() -> None:
    lr = np.full((40, 40, 3), 100, np.uint8)
    hr = np.full((160, 160, 3), 100, np.uint8)
    hr[80:, :80] += 51  # an error of a fifth of the range: 13.98 dB
    found = informative_scores(lr, hr, 4, np.array([0, 24, 10]), np.array([24, 0, 8]), 16)
    # The third patch, HR rows 40 to 103 and columns 32 to 95, has the error in 24 x 48 of its 64 x 64 pixels.
    expected = [90, -20 * np.log10(0.2), -10 * np.log10(0.04 * 24 * 48 / 64**2)]
    assert found == pytest.approx(expected, abs=1e-3)
    nothing_counts = informative_scores(lr[:8, :8], hr[80:88, :8], 1, np.array([0]), np.array([0]), 8)
    assert nothing_counts == pytest.approx([90])


def test_equal_widths_are_equally_far_apart() -> None:
    difficulty = np.array([10.0, 11, 12, 19.9, 20, 25, 30.1, 50])
    assert equal_widths(difficulty, 4).tolist() == [20, 30, 40]
    assert categorise(difficulty, equal_widths(difficulty, 4)).tolist() == [1, 1, 1, 1, 1, 2, 3, 4]


@given(st.lists(st.floats(0, 1e3), min_size=1, max_size=60), st.integers(2, 10))
def test_every_category_lies_between_first_and_last(values: list[float], categories: int) -> None:
    difficulty = np.array(values)
    for borders in (quantiles(difficulty, categories), equal_widths(difficulty, categories)):
        category = categorise(difficulty, borders)
        assert ((category >= 1) & (category <= categories)).all()
        assert (np.diff(category[np.argsort(difficulty, kind="stable")]) >= 0).all()


@pytest.fixture
def ready(project: object) -> None:
    fetch_dataset("embedded", [4.0], ["train"])
    degrade("embedded", 4.0)
    pack_hr("embedded", ["train"])


def test_samplers_see_every_score_by_name(ready: None) -> None:
    index = pd.read_parquet(make_patches("embedded", 4.0, lr_size=32, lr_stride=16, categories=10))
    columns = open_pack("embedded", 4.0).columns
    assert {"image", *SCORES} == columns.keys() == {*index.columns} - {"split", "size"}
    for name in SCORES:
        assert np.array_equal(columns[name], index[name])
    borders = equal_widths(index["difficulty"].to_numpy(), 10)
    assert (index["category_equal_width"] == categorise(index["difficulty"].to_numpy(), borders)).all()
    lr, hr = (
        next(to_rgb(read_image(one.path)) for one in found if one.name == "rocket")
        for found in (datasets.lr_images("embedded", "train", 4.0), datasets.images("embedded", "train"))
    )
    own = index[index["image"] == "rocket"]
    places = own["row"].to_numpy(), own["column"].to_numpy(), 32
    assert np.array_equal(own["edge"], edge_scores(lr, *places))
    shown = hr[: 4 * lr.shape[0], : 4 * lr.shape[1]]
    assert np.array_equal(own["informative"], informative_scores(lr, shown, 4, *places))


def test_fewer_patches_than_categories_are_one_line(ready: None) -> None:
    with pytest.raises(ResoluteError, match=r"x4.parquet has 375 patches, too few for 376 categories: lower patches\."):
        make_patches("embedded", 4.0, lr_size=32, lr_stride=16, categories=376)

"""The PSNR of patches by difficulty, against errors that were put there."""

import numpy as np
import pytest

from resolute.evaluate.categories import CATEGORIES, PATCH, Categories
from resolute.images.colour import LUMA_WEIGHTS

SCALE = 2


def graded(patches: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A row of patches, each a step harder than the one to its right; number k is wrong by k."""
    lr = np.full((PATCH, PATCH * patches, 3), 50, np.uint8)
    hr = np.full((PATCH * SCALE, PATCH * SCALE * patches, 3), 100, np.uint8)
    sr = hr.astype(np.float32)
    for number in range(patches):
        left = PATCH * (patches - 1 - number)
        lr[:, left + PATCH // 2 : left + PATCH] += 3 * number
        sr[:, left * SCALE : (left + PATCH) * SCALE] += number
    return lr, sr, hr


def test_a_category_has_the_psnr_of_its_patches() -> None:
    lr, sr, hr = graded(2 * CATEGORIES)
    categories = Categories(SCALE)
    for half in (slice(0, PATCH * CATEGORIES), slice(PATCH * CATEGORIES, None)):
        wide = slice(half.start * SCALE, half.stop and half.stop * SCALE)
        categories.add(lr[:, half], sr[:, wide], hr[:, wide])
    found = {row["metric"]: row["value"] for row in categories.rows()}
    assert len(found) == 2 * CATEGORIES
    for category in range(1, CATEGORIES + 1):
        errors = np.array([2 * category - 2, 2 * category - 1]) * LUMA_WEIGHTS.sum()
        assert found[f"patches_category{category}"] == 2
        assert found[f"psnr_category{category}"] == pytest.approx(10 * np.log10(255**2 / np.square(errors).mean()))


def test_without_an_error_the_psnr_is_infinite_which_is_no_number() -> None:
    lr, _, hr = graded(CATEGORIES)
    categories = Categories(SCALE)
    categories.add(lr, hr, hr)
    assert all(np.isnan(row["value"]) for row in categories.rows() if "psnr" in row["metric"])


@pytest.mark.parametrize(("scale", "patches"), [(SCALE, CATEGORIES - 1), (2.5, 2 * CATEGORIES)])
def test_too_few_patches_and_scales_that_are_not_whole_have_no_categories(scale: float, patches: int) -> None:
    lr, sr, hr = graded(patches)
    categories = Categories(scale)
    categories.add(lr, sr, hr)
    categories.add(lr[:5], sr[:10], hr[:10])
    assert categories.rows() == []


def test_what_is_left_over_is_in_no_patch_and_grey_is_three_channels() -> None:
    lr, sr, hr = graded(CATEGORIES)
    whole, larger = Categories(SCALE), Categories(SCALE)
    whole.add(lr, sr, hr)
    sides = [((0, 5 * by), (0, 7 * by)) for by in (1, SCALE)]
    larger.add(np.pad(lr[..., 0], sides[0]), np.pad(sr, (*sides[1], (0, 0))), np.pad(hr[..., 0], sides[1]))
    values = [[row["value"] for row in categories.rows()] for categories in (larger, whole)]
    assert values[0] == pytest.approx(values[1], rel=1e-12, nan_ok=True)

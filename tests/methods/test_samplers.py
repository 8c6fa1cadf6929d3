"""Samplers: the paper's odds, how often each patch is drawn, and that draws are functions of the generator."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from resolute.core.errors import ResoluteError
from resolute.images.pack import Columns
from resolute.methods.samplers import SAMPLERS, chances, hes, psnr_class, psnr_classes, sampling_aug, uniform

# Patches of DIV2K's validation images by ten equal widths of their Laplacian score (logs of chenbong/ARM-Net).
ARM_SIZES = np.array([4931, 2745, 3440, 3651, 3423, 2401, 1151, 370, 68, 14])
DRAWS = 200_000


def columns(seed: int = 0, images: int = 4, patches: int = 120) -> Columns:
    generator = np.random.default_rng(seed)
    return Columns(
        image=np.sort(generator.integers(images, size=patches)),
        category=generator.permutation(np.arange(patches) * 10 // patches + 1),
        category_equal_width=np.minimum(generator.geometric(0.4, patches), 10),
        informative=generator.uniform(15, 60, patches),
        psnr=generator.uniform(20, 45, patches),
    )


@pytest.mark.parametrize(("delta", "odds"), [(0.95, 1.6), (0.9, 2.6), (0.8, 7.5), (0.5, 512)])
def test_odds_of_the_hardest_of_ten_equally_full_categories(delta: float, odds: float) -> None:
    found = chances(np.arange(1, 11), np.full(10, 7), "quantile", delta)
    assert found.sum() == pytest.approx(1)
    assert found[-1] / found[0] == pytest.approx(odds, abs=0.05)


@pytest.mark.parametrize(("delta", "share"), [(1, 0.78), (0.5, 0.47), (0.3, 0.29)])
def test_share_of_the_hardest_of_ten_equally_wide_categories(delta: float, share: float) -> None:
    found = chances(np.arange(1, 11), ARM_SIZES, "equal_width", delta)
    assert found.sum() == pytest.approx(1)
    assert found[-1] == pytest.approx(share, abs=0.005)


def expected_of_uniform(patches: Columns) -> np.ndarray:
    return np.full(120, 1 / 120)


def expected_of_hes(patches: Columns) -> np.ndarray:
    category = patches["category"].astype(float)
    weight = 0.8**-category / np.array([(category == one).sum() for one in category])
    return weight / sum(0.8 ** -float(k) for k in range(1, 11))


def expected_of_tempered_hes(patches: Columns) -> np.ndarray:
    category = patches["category_equal_width"]
    size = np.array([(category == one).sum() for one in category], dtype=float)
    weight = size**-0.5 / size
    return weight / weight.sum()


def expected_of_sampling_aug(patches: Columns) -> np.ndarray:
    chosen = np.zeros(120, dtype=bool)
    for image in range(4):
        rows = np.flatnonzero(patches["image"] == image)
        worst = sorted(rows, key=lambda row: patches["informative"][row])[: round(0.25 * len(rows))]
        chosen[worst] = True
    return chosen / chosen.sum()


def expected_of_the_medium_psnr_class(patches: Columns) -> np.ndarray:
    chosen = (patches["psnr"] >= 27.16882) & (patches["psnr"] < 35.149761)
    return chosen / chosen.sum()


def expected_of_the_easy_psnr_tercile(patches: Columns) -> np.ndarray:
    chosen = patches["psnr"] >= np.sort(patches["psnr"])[80]
    return chosen / chosen.sum()


EXPECTED: dict[str, tuple[Callable[[Columns], np.ndarray], object]] = {
    "uniform": (expected_of_uniform, "uniform"),
    "hes": (expected_of_hes, {"hes": {"delta": 0.8}}),
    "hes, equal widths": (expected_of_tempered_hes, {"hes": {"thresholds": "equal_width", "delta": 0.5}}),
    "sampling_aug": (expected_of_sampling_aug, {"sampling_aug": {"share": 0.25}}),
    "psnr_class": (expected_of_the_medium_psnr_class, {"psnr_class": {"of": "medium"}}),
    "psnr_class, terciles": (
        expected_of_the_easy_psnr_tercile,
        {"psnr_class": {"of": "easy", "thresholds": "terciles"}},
    ),
}


@pytest.mark.parametrize("name", EXPECTED)
def test_patches_are_drawn_as_often_as_the_formula_says(name: str) -> None:
    expected, written = EXPECTED[name]
    patches = columns()
    sampler = SAMPLERS.function(SAMPLERS.parse(written))  # type: ignore[arg-type]
    drawn = np.bincount(sampler(np.random.default_rng(1), patches, DRAWS), minlength=120)
    chance = expected(patches)
    possible = chance > 0
    assert not drawn[~possible].any()
    # Right samplers fall below this for one seed of a thousand; the seed is fixed.
    assert stats.chisquare(drawn[possible], chance[possible] * DRAWS).pvalue > 1e-3


@pytest.mark.parametrize("name", EXPECTED)
def test_draws_are_functions_of_the_generator(name: str) -> None:
    sampler = SAMPLERS.function(SAMPLERS.parse(EXPECTED[name][1]))  # type: ignore[arg-type]
    used, fresh = columns(), columns()
    sampler(np.random.default_rng(9), used, 5)
    first, again, other = (
        sampler(np.random.default_rng(seed), patches, 64) for seed, patches in ((1, used), (1, fresh), (2, fresh))
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_choices_with_other_options_do_not_share_what_they_derive() -> None:
    patches = columns()
    for share in (1.0, 0.1, 0.5):
        drawn = sampling_aug(np.random.default_rng(0), patches, DRAWS, share=share)
        assert len(np.unique(drawn)) == pytest.approx(120 * share, abs=2)
    for thresholds in ("quantile", "equal_width"):
        drawn = hes(np.random.default_rng(0), patches, DRAWS, thresholds=thresholds, delta=0.5)
        column = "category" if thresholds == "quantile" else "category_equal_width"
        hardest = patches[column].max()
        size = np.bincount(patches[column])[1:]
        share = chances(np.flatnonzero(size) + 1, size[size > 0], thresholds, 0.5)[-1]
        assert np.mean(patches[column][drawn] == hardest) == pytest.approx(share, abs=0.01)


def test_the_whole_share_is_uniform_sampling() -> None:
    patches = columns()
    drawn = sampling_aug(np.random.default_rng(1), patches, DRAWS, share=1.0)
    assert stats.chisquare(np.bincount(drawn, minlength=120)).pvalue > 1e-3


def test_every_image_gives_at_least_one_patch() -> None:
    patches = columns(images=40)
    drawn = sampling_aug(np.random.default_rng(0), patches, DRAWS, share=0.01)
    assert np.array_equal(np.unique(patches["image"][drawn]), np.unique(patches["image"]))


@given(st.lists(st.integers(1, 10), min_size=1, max_size=50), st.integers(0, 1000))
def test_samplers_return_rows_that_exist(values: list[int], seed: int) -> None:
    array = np.array(values)
    patches = Columns(image=array, category=array, category_equal_width=array, informative=array)
    for sampler in (uniform, hes, sampling_aug):
        drawn = sampler(np.random.default_rng(seed), patches, 16)
        assert drawn.shape == (16,)
        assert ((drawn >= 0) & (drawn < len(array))).all()


def test_classes_of_psnr_end_where_the_papers_do() -> None:
    """Hard below the first threshold, easy from the second on (XPixelGroup/ClassSR)."""
    psnr = np.array([20, 27.168, 27.16882, 35.1497, 35.149761, 80])
    assert psnr_classes(psnr, "decibels").tolist() == [0, 0, 1, 1, 2, 2]
    terciles = psnr_classes(np.random.default_rng(0).normal(30, 5, 300), "terciles")
    assert np.bincount(terciles).tolist() == [100, 100, 100]


def test_a_class_without_a_patch_and_patches_without_scores_are_one_line() -> None:
    generator, patches = np.random.default_rng(0), Columns(image=np.zeros(3, int), psnr=np.array([21.0, 22, 23]))
    with pytest.raises(
        ResoluteError, match=r"no patch that is easy by decibels .* 21\.00 to 23\.00 dB: choose .*tercil"
    ):
        psnr_class(generator, patches, 4, of="easy")
    assert psnr_class(generator, patches, 4, of="easy", thresholds="terciles").tolist() == [2, 2, 2, 2]
    alike = Columns(image=np.zeros(3, int), psnr=np.full(3, 21.0))
    with pytest.raises(ResoluteError, match=r"no patch that is hard by terciles .*: train on more images"):
        psnr_class(generator, alike, 4, of="hard", thresholds="terciles")
    with pytest.raises(ResoluteError, match=r"needs the PSNR of the patches: .* as the recipe's scored_by"):
        psnr_class(generator, Columns(image=np.zeros(3, int)), 4)

"""imresize against MATLAB-made LR files, Pillow and torch; then its properties and its refusals."""

import statistics
import time
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from resolute.core.errors import ResoluteError
from resolute.images.files import read_image
from resolute.images.imresize import VARIANTS, crop_to_multiple, imresize, lr_size

MATLAB = tuple(variant for variant in VARIANTS if variant != "pillow")
Padding = Literal["edge", "symmetric"]  # as numpy calls it

DATA = Path(__file__).parents[1] / "data/images"
SELFEXSR = (
    "raw.githubusercontent.com/jbhuang0604/SelfExSR/8f6dd8c1d20cb7e8792a7177b4f6fd677633f598/data/"
    "{folder}/image_SRF_{scale}"
)
PAN = "raw.githubusercontent.com/zhaohengyuan1/PAN/4d045d18592c5771cd3990da88f292812774e538/datasets/{folder}"

# Torch computes its weights in float64 here as well; what is left is the order of the sums.
TORCH_TOLERANCE = 1e-9
# float64 sums of weights that should be 1, times 255
FLOAT_TOLERANCE = 1e-9
# The project's target: bit-exactness may cost a quarter more CPU time than Pillow's inexact resizing.
PILLOW_RATIO = 1.25
# A step of LIIF's training reduces 16 crops: even the largest must not take what a step takes.
CROP_SECONDS = 2e-3

RELAXED = settings(deadline=None)  # the machine may be busy
SIDES = st.integers(1, 40)


def photographs(side: st.SearchStrategy[int] = SIDES) -> st.SearchStrategy[np.ndarray]:
    shapes = st.one_of(st.tuples(side, side), st.tuples(side, side, st.sampled_from((1, 3, 4))))
    return arrays(np.uint8, shapes)


@pytest.mark.parametrize(
    ("hr", "lr", "scale", "variant"),
    [
        ("set5_003_x4_hr", "set5_003_x4_lr", 4, "replicate"),
        ("set5_004_x3_hr", "set5_004_x3_lr", 3, "replicate"),
        ("set14_003_x4_hr", "set14_003_x4_lr", 4, "replicate"),
        ("set5_003_x4_hr", "set5_edsr_butterfly_x4_lr", 4, "mirror"),
    ],
)
def test_equals_matlab_bit_for_bit(hr: str, lr: str, scale: int, variant: str) -> None:
    made = imresize(read_image(DATA / f"{hr}.png"), 1 / scale, variant)
    np.testing.assert_array_equal(made, read_image(DATA / f"{lr}.png"))


@pytest.mark.parametrize(
    ("folder", "scale", "images"),
    [("Set5", s, 5) for s in (2, 3, 4)] + [("Set14", s, 14) for s in (2, 3, 4)] + [("BSD100", 4, 100)],
)
def test_equals_selfexsr_bit_for_bit(mirror: Path, folder: str, scale: int, images: int) -> None:
    files = sorted((mirror / SELFEXSR.format(folder=folder, scale=scale)).glob("*_HR.png"))
    assert len(files) == images
    for file in files:
        lr = read_image(file.with_name(file.name.replace("_HR", "_LR")))
        np.testing.assert_array_equal(imresize(read_image(file), 1 / scale), lr, err_msg=file.name)


@pytest.mark.parametrize(
    ("folder", "scale", "images"), [(f, s, n) for f, n in (("Set5", 5), ("Set14", 14)) for s in (2, 3, 4)]
)
def test_equals_edsr_copies_bit_for_bit(mirror: Path, folder: str, scale: int, images: int) -> None:
    files = sorted((mirror / PAN.format(folder=folder) / "HR").glob("*.png"))
    assert len(files) == images
    for file in files:
        hr = crop_to_multiple(read_image(file), scale)
        lr = read_image(file.parents[1] / f"LR_bicubic/X{scale}/{file.stem}x{scale}.png")
        np.testing.assert_array_equal(imresize(hr, 1 / scale, "mirror"), lr, err_msg=file.name)


def by_pillow(image: np.ndarray, scale: int, border: Padding) -> np.ndarray:
    """MATLAB's result from Pillow, one axis at a time, padded because it drops samples outside the image."""
    margin = 4 * scale
    height, width = (side // scale for side in image.shape[:2])
    tall = Image.fromarray(np.pad(image, ((margin, margin), (0, 0), (0, 0)), border))
    rows = np.asarray(tall.resize((tall.width, height + 8), Image.Resampling.BICUBIC))[4:-4]
    wide = Image.fromarray(np.pad(rows, ((0, 0), (margin, margin), (0, 0)), border))
    return np.asarray(wide.resize((width + 8, height), Image.Resampling.BICUBIC))[:, 4:-4]


@RELAXED
@given(
    st.tuples(SIDES, SIDES, st.integers(0, 2**32 - 1)),
    st.sampled_from((2, 3, 4, 8)),
    st.sampled_from((("replicate", "edge"), ("mirror", "symmetric"))),
)
def test_equals_padded_pillow(seeded: tuple[int, int, int], scale: int, border: tuple[str, Padding]) -> None:
    height, width, seed = seeded
    image = np.random.default_rng(seed).integers(0, 256, (height * scale, width * scale, 3), np.uint8)
    np.testing.assert_array_equal(imresize(image, 1 / scale, border[0]), by_pillow(image, scale, border[1]))


@RELAXED
@given(
    arrays(np.uint8, st.one_of(st.tuples(SIDES, SIDES), st.tuples(SIDES, SIDES, st.just(3)))),
    st.tuples(SIDES, SIDES),
)
def test_pillow_is_pillow(image: np.ndarray, size: tuple[int, int]) -> None:
    """Any size from any other: the whole image covers the whole output, whatever the scale says."""
    by_pillow = Image.fromarray(image).resize(size[::-1], Image.Resampling.BICUBIC)
    np.testing.assert_array_equal(imresize(image, 1 / 3.7, "pillow", size=size), np.asarray(by_pillow))


@pytest.mark.parametrize(("scale", "size"), [(1.3, (170, 230)), (3.7, (60, 80)), (6, (37, 50)), (12.5, (18, 24))])
def test_pillow_lies_on_the_grid_of_the_other_variants(scale: float, size: tuple[int, int]) -> None:
    """A smooth image has the same LR image by every variant, but for rounding: no shift, no other stretch."""
    y, x = np.mgrid[: round(size[0] * scale), : round(size[1] * scale)] / 40
    hr = (127 + 60 * np.sin(x) + 60 * np.cos(y)).astype(np.uint8)
    apart = np.int16(imresize(hr, 1 / scale, "pillow", size=size)) - imresize(hr, 1 / scale, "mirror", size=size)
    margin = slice(2, -2)  # samples outside are left out here, mirrored there
    assert np.abs(apart[margin, margin]).max() <= 1


@pytest.mark.parametrize("scale", [1 / 4, 1 / 3, 1 / 2.5, 0.8, 1.6, 2, 4])
def test_interior_equals_torch(scale: float) -> None:
    """Float images, fractional scales and enlarging: torch's antialiased bicubic has the same kernel."""
    image = np.random.default_rng(0).uniform(-100, 300, (120, 120, 3))
    tensor = torch.from_numpy(image).permute(2, 0, 1)[None]
    expected = torch.nn.functional.interpolate(tensor, size=(round(120 * scale),) * 2, mode="bicubic", antialias=True)
    margin = slice(8, -8)  # torch drops samples outside the image
    ours = imresize(image, scale)[margin, margin]
    np.testing.assert_allclose(ours, expected[0].permute(1, 2, 0).numpy()[margin, margin], atol=TORCH_TOLERANCE)


@RELAXED
@given(photographs(), st.sampled_from((1 / 4, 1 / 3, 1 / 1.7, 2.0, 3.0)))
def test_mirror_float_rounds_once(image: np.ndarray, scale: float) -> None:
    exact = imresize(image.astype(np.float64), scale, "mirror")
    rounded = np.floor(np.clip(exact, 0, 255) + 0.5)
    np.testing.assert_array_equal(imresize(image, scale, "mirror_float"), rounded)


@RELAXED
@given(
    st.integers(1, 4).flatmap(lambda n: arrays(np.uint8, (12 * n, 12, 3))),
    st.sampled_from((1 / 4, 1 / 2, 1 / 3, 2.0, 3.0, 4.0)),
    st.sampled_from(MATLAB),
)
def test_commutes_with_flips(image: np.ndarray, scale: float, variant: str) -> None:
    flipped = imresize(image[::-1, ::-1], scale, variant)
    np.testing.assert_array_equal(flipped[::-1, ::-1], imresize(image, scale, variant))


@RELAXED
@given(photographs(), st.floats(0.1, 5), st.sampled_from(MATLAB))
def test_keeps_form(image: np.ndarray, scale: float, variant: str) -> None:
    resized = imresize(image, scale, variant)
    assert resized.dtype == np.uint8
    assert resized.shape[2:] == image.shape[2:]
    assert all(abs(made - side * scale) <= 1 for made, side in zip(resized.shape, image.shape[:2], strict=False))
    single = imresize(image.astype(np.float32), scale, variant)
    assert (single.dtype, single.shape) == (np.float32, resized.shape)


@RELAXED
@given(SIDES, SIDES, st.floats(0.1, 5), st.integers(0, 255), st.sampled_from(MATLAB))
def test_keeps_constant_images(height: int, width: int, scale: float, value: int, variant: str) -> None:
    assert (imresize(np.full((height, width), value, np.uint8), scale, variant) == value).all()
    exact = imresize(np.full((height, width), float(value)), scale, variant)
    np.testing.assert_allclose(exact, value, atol=FLOAT_TOLERANCE)


@RELAXED
@given(photographs())
def test_scale_1_changes_nothing(image: np.ndarray) -> None:
    np.testing.assert_array_equal(imresize(image, 1), image)


def test_size_cuts_or_extends_the_same_grid() -> None:
    """An asked size changes how many pixels are made, not where they lie."""
    lr = np.random.default_rng(0).integers(0, 256, (21, 30, 3), np.uint8)
    full = imresize(lr, 4)
    np.testing.assert_array_equal(imresize(lr, 4, size=(83, 118)), full[:83, :118])


def test_whole_sides_are_not_lost_to_float_error() -> None:
    for scale in (3, 7, 49, 55, 3.7):
        for side in range(1, 60):
            hr = np.zeros((round(side * 10 * scale), 1), np.uint8)
            assert imresize(hr, 1 / scale).shape[0] == side * 10


@RELAXED
@example(1, 1, 1.0000000000000002)
@given(st.integers(1, 300), st.integers(1, 300), st.one_of(st.integers(1, 8), st.floats(1, 8)))
def test_crop_to_multiple(height: int, width: int, scale: float) -> None:
    hr = np.arange(height * width, dtype=np.uint32).reshape(height, width)
    if min(height, width) < scale - 1e-9:  # what lies this close is rounding
        with pytest.raises(ResoluteError, match="has no LR image"):
            crop_to_multiple(hr, scale)
        return
    cut = crop_to_multiple(hr, scale)
    np.testing.assert_array_equal(cut, hr[: cut.shape[0], : cut.shape[1]])
    assert all(side - scale - 0.5 < kept <= side for side, kept in zip(hr.shape, cut.shape, strict=True))
    assert lr_size(cut, scale) == tuple(int(side / scale + 1e-9) for side in hr.shape)
    if scale == int(scale):
        assert not any(side % scale for side in cut.shape)


@pytest.mark.parametrize(
    ("image", "scale", "variant", "size", "message"),
    [
        (
            np.zeros((8, 8), np.uint8),
            0.5,
            "mirorr",
            None,
            "unknown imresize variant 'mirorr': did you mean 'mirror'",
        ),
        (np.zeros((8, 8), np.int32), 0.5, "mirror", None, "not int32"),
        (np.zeros(8, np.uint8), 0.5, "mirror", None, r"shape \(8,\)"),
        (np.zeros((0, 8), np.uint8), 0.5, "mirror", None, r"shape \(0, 8\)"),
        (np.zeros((8, 8), np.uint8), 0.0, "mirror", None, "scale above 0"),
        (np.zeros((8, 8), np.uint8), float("nan"), "mirror", None, "scale above 0"),
        (np.zeros((8, 8), np.uint8), 0.5, "mirror", (0, 4), "4x0 pixels"),
        (np.zeros((8, 8), np.float32), 0.5, "pillow", None, "'pillow' takes uint8 images, .*, not a float32 image"),
        (np.zeros((8, 8, 4), np.uint8), 0.5, "pillow", None, r"not a uint8 image of shape \(8, 8, 4\)"),
    ],
)
def test_refuses(image: np.ndarray, scale: float, variant: str, size: tuple[int, int], message: str) -> None:
    with pytest.raises(ResoluteError, match=message):
        imresize(image, scale, variant, size=size)


@pytest.mark.slow
def test_is_about_as_fast_as_pillow() -> None:
    image = np.random.default_rng(0).integers(0, 256, (1356, 2040, 3), np.uint8)
    pillow = Image.fromarray(image)
    times: dict[str, list[float]] = {"ours": [], "pillow": []}
    for _ in range(15):
        start = time.process_time()
        imresize(image, 1 / 4)
        middle = time.process_time()
        pillow.resize((510, 339), Image.Resampling.BICUBIC)
        times["ours"].append(middle - start)
        times["pillow"].append(time.process_time() - middle)
    assert statistics.median(times["ours"]) <= PILLOW_RATIO * statistics.median(times["pillow"])


def test_pillow_is_quick_on_the_crops_of_a_training() -> None:
    crop = np.random.default_rng(0).integers(0, 256, (192, 192, 3), np.uint8)
    times = []
    for _ in range(20):
        start = time.process_time()
        imresize(crop, 48 / 192, "pillow", size=(48, 48))
        times.append(time.process_time() - start)
    assert statistics.median(times) < CROP_SECONDS

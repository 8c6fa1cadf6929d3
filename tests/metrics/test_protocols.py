"""The protocols against independently measured values, other libraries and hand-made formulas."""

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.color import rgb2ycbcr
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from resolute.core.errors import ResoluteError
from resolute.images.files import read_image, to_rgb
from resolute.images.imresize import imresize
from resolute.metrics.protocols import PROTOCOLS, measure
from resolute.metrics.psnr import psnr

RELAXED = settings(deadline=None, max_examples=30)  # the machine may be busy
DATA = Path(__file__).parents[1] / "data/images"
SELFEXSR = "raw.githubusercontent.com/jbhuang0604/SelfExSR/8f6dd8c1d20cb7e8792a7177b4f6fd677633f598/data"

# The reference values are printed with four (PSNR) and five (SSIM) decimals.
PSNR_TOLERANCE = 0.0005
SSIM_TOLERANCE = 0.00005
# The reference enlarged with Pillow, which differs from MATLAB at the borders.
PILLOW_TOLERANCE = 0.001
# LIIF's luma weights are printed for 256 levels, MATLAB's for 255: they agree to five digits.
LIIF_LUMA_TOLERANCE = 0.0001
ROUNDING = 1e-9

# Bicubic enlargement of SelfExSR's LR files, means over the images, shave = scale, measured by a separate
# float64 implementation of resizing and scoring. PSNR of RGB; PSNR and SSIM of Y not rounded with grey as
# three channels; PSNR and SSIM of Y rounded with grey kept.
BICUBIC = {
    ("Set5", 2, 5): (31.7873, 33.6741, 0.93029, 33.6404, 0.92922),
    ("Set5", 3, 5): (28.6250, 30.4047, 0.86891, 30.3864, 0.86779),
    ("Set5", 4, 5): (26.6934, 28.4302, 0.81114, 28.4177, 0.81008),
    ("Set14", 2, 14): (28.5198, 30.3263, 0.86985, 30.2200, 0.86831),
    ("Set14", 3, 14): (25.9463, 27.6336, 0.77588, 27.5328, 0.77374),
    ("Set14", 4, 14): (24.4645, 26.0914, 0.70480, 25.9933, 0.70226),
    ("BSD100", 4, 100): (24.6354, 25.9620, 0.66807, 25.9565, 0.66723),
}
# The same on the area that LR patches of 32 pixels with stride 28 cover, enlarged with Pillow.
BSD100_X4_COVERED_RGB = 24.803

# Bicubic enlargement of the images in tests/data, by this code, once the means above were met.
SINGLE = [
    ("set5_003", 4, "ntire2022", 20.86508, 0.70107),
    ("set5_003", 4, "y_basicsr", 22.10105, 0.73746),
    ("set5_003", 4, "y_matlab", 22.09920, 0.73677),
    ("set5_003", 4, "liif_div2k", 20.95265, 0.70404),
    ("set5_003", 4, "classsr", 21.05431, 0.70007),
    ("set5_004", 3, "ntire2022", 29.91966, 0.72571),
    ("set5_004", 3, "y_basicsr", 32.90295, 0.80095),
    ("set5_004", 3, "y_matlab", 32.86221, 0.79943),
    ("set14_003", 4, "ntire2022", 23.14589, 0.54030),
    ("set14_003", 4, "y_basicsr", 24.46781, 0.56668),
    ("set14_003", 4, "y_matlab", 23.14589, 0.54030),
]


def enlarged(name: str, scale: int) -> tuple[np.ndarray, np.ndarray]:
    """A bicubic SR image and its HR image from tests/data."""
    lr, hr = (read_image(DATA / f"{name}_x{scale}_{role}.png") for role in ("lr", "hr"))
    return imresize(lr, scale), hr


def noisy(height: int = 60, width: int = 70, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """A float SR image that leaves 0..255, and its HR image."""
    rng = np.random.default_rng(seed)
    hr = rng.integers(0, 256, (height, width, 3), np.uint8)
    return hr + rng.normal(0, 20, hr.shape), hr


def skimage_ssim(sr: np.ndarray, hr: np.ndarray) -> float:
    options = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
    return structural_similarity(sr, hr, data_range=255, **options)


@pytest.mark.slow
@pytest.mark.parametrize(("folder", "scale", "count"), BICUBIC)
def test_bicubic_baseline(mirror: Path, folder: str, scale: int, count: int) -> None:
    files = sorted((mirror / SELFEXSR / folder / f"image_SRF_{scale}").glob("*_HR.png"))
    assert len(files) == count
    values = []
    for file in files:
        hr = read_image(file)
        sr = imresize(read_image(file.with_name(file.name.replace("_HR", "_LR"))), scale)
        y, y_rounded = (measure(sr, hr, scale, name) for name in ("y_basicsr", "y_matlab"))
        colour = psnr(*PROTOCOLS["rgb_basicsr"].compared(sr, hr, scale))
        values.append((colour, y["psnr"], y["ssim"], y_rounded["psnr"], y_rounded["ssim"]))
    means = np.mean(values, axis=0)
    expected = np.array(BICUBIC[folder, scale, count])
    tolerance = np.array([PSNR_TOLERANCE, PSNR_TOLERANCE, SSIM_TOLERANCE, PSNR_TOLERANCE, SSIM_TOLERANCE])
    assert (np.abs(means - expected) <= tolerance).all(), means - expected


def test_classsr_baseline(mirror: Path) -> None:
    values = []
    for file in sorted((mirror / SELFEXSR / "BSD100/image_SRF_4").glob("*_HR.png")):
        sr = imresize(read_image(file.with_name(file.name.replace("_HR", "_LR"))), 4)
        values.append(psnr(*PROTOCOLS["classsr"].compared(sr, read_image(file), 4)))
    assert len(values) == 100
    assert np.mean(values) == pytest.approx(BSD100_X4_COVERED_RGB, abs=PILLOW_TOLERANCE)


@pytest.mark.parametrize(("name", "scale", "protocol", "expected_psnr", "expected_ssim"), SINGLE)
def test_single_images(name: str, scale: int, protocol: str, expected_psnr: float, expected_ssim: float) -> None:
    measured = measure(*enlarged(name, scale), scale, protocol)
    assert measured["psnr"] == pytest.approx(expected_psnr, abs=PSNR_TOLERANCE)
    assert measured["ssim"] == pytest.approx(expected_ssim, abs=SSIM_TOLERANCE)


@pytest.mark.parametrize(("name", "scale"), [("set5_003", 4), ("set5_004", 3), ("set14_003", 4)])
def test_y_basicsr_is_scikit_image_on_luma(name: str, scale: int) -> None:
    sr, hr = enlarged(name, scale)
    a, b = (rgb2ycbcr(to_rgb(image))[scale:-scale, scale:-scale, 0] for image in (sr, hr))
    measured = measure(sr, hr, scale, "y_basicsr")
    assert measured["psnr"] == pytest.approx(peak_signal_noise_ratio(b, a, data_range=255), abs=ROUNDING)
    assert measured["ssim"] == pytest.approx(skimage_ssim(a, b), abs=ROUNDING)


@pytest.mark.parametrize(("scale", "shave"), [(2, 2), (3, 3), (3.7, 4), (6, 6)])
def test_rgb_basicsr_by_hand(scale: float, shave: int) -> None:
    """As ntire2022, but for the border; at x4 they are one."""
    sr, hr = noisy()
    assert measure(sr, hr, 4, "rgb_basicsr") == measure(sr, hr, 4, "ntire2022")
    a, b = (image[shave:-shave, shave:-shave].astype(np.float64) for image in (sr.round().clip(0, 255), hr))
    measured = measure(sr, hr, scale, "rgb_basicsr")
    assert measured["psnr"] == pytest.approx(10 * math.log10(255**2 / np.mean((a - b) ** 2)), abs=ROUNDING)


def test_ntire2022_by_hand() -> None:
    """Rounded half to even, 4 pixels shaved at every scale, channels pooled; SSIM averaged over them."""
    sr, hr = noisy()
    sr[10, 10] = (0.5, 1.5, 2.5)
    rounded = sr.round().clip(0, 255)
    assert list(rounded[10, 10]) == [0, 2, 2]
    a, b = rounded[4:-4, 4:-4], hr[4:-4, 4:-4].astype(np.float64)
    for scale in (2, 4):
        measured = measure(sr, hr, scale, "ntire2022")
        assert measured["psnr"] == pytest.approx(10 * math.log10(255**2 / np.mean((a - b) ** 2)), abs=ROUNDING)
        channels = [skimage_ssim(a[..., channel], b[..., channel]) for channel in range(3)]
        assert measured["ssim"] == pytest.approx(np.mean(channels), abs=ROUNDING)


@pytest.mark.parametrize(("scale", "shave"), [(2, 8), (4, 10), (2.3, 9), (12, 18)])
def test_liif_div2k_by_hand(scale: float, shave: int) -> None:
    sr, hr = noisy()
    difference = sr.clip(0, 255) / 255 - hr / 255
    expected = -10 * math.log10(np.mean(difference[shave:-shave, shave:-shave] ** 2))
    assert measure(sr, hr, scale, "liif_div2k")["psnr"] == pytest.approx(expected, abs=ROUNDING)


@pytest.mark.parametrize(("scale", "shave"), [(2, 2), (4, 4), (3.7, 4)])
def test_liif_benchmark_by_hand(scale: float, shave: int) -> None:
    """LIIF weights the difference of the images in 0..1."""
    sr, hr = noisy()
    difference = (sr.clip(0, 255) / 255 - hr / 255) @ np.array([65.738, 129.057, 25.064]) / 256
    expected = -10 * math.log10(np.mean(difference[shave:-shave, shave:-shave] ** 2))
    assert measure(sr, hr, scale, "liif_benchmark")["psnr"] == pytest.approx(expected, abs=LIIF_LUMA_TOLERANCE)


def test_classsr_compares_the_covered_area() -> None:
    """LR 120 x 80 holds 4 x 2 patches of 32 with stride 28, hence 116 x 60: 72.5 % of the area."""
    hr = np.zeros((320, 480, 3), np.uint8)
    a, b = PROTOCOLS["classsr"].compared(hr, hr, 4)
    assert a.shape == b.shape == (60 * 4 - 8, 116 * 4 - 8, 3)
    spoilt = hr.copy()
    spoilt[240:], spoilt[:, 464:], spoilt[:4], spoilt[:, :4] = 255, 255, 255, 255
    assert measure(spoilt, hr, 4, "classsr")["psnr"] == math.inf
    spoilt[235, 459] = 1
    assert measure(spoilt, hr, 4, "classsr")["psnr"] < math.inf


def test_grey_images() -> None:
    """Kept grey by `y_matlab` (against the SR channels' mean); three equal channels for all others."""
    sr, hr = noisy()
    hr = hr[:, :, 0].copy()
    mean = np.floor(sr.clip(0, 255).round().mean(axis=2) + 0.5)
    expected = peak_signal_noise_ratio(hr[2:-2, 2:-2], mean[2:-2, 2:-2], data_range=255)
    assert measure(sr, hr, 2, "y_matlab")["psnr"] == pytest.approx(expected, abs=ROUNDING)
    for name in set(PROTOCOLS) - {"y_matlab"}:
        image = np.tile(hr, (2, 2))
        larger = np.tile(sr, (2, 2, 1))
        assert measure(larger, image, 2, name) == measure(larger, to_rgb(image), 2, name)


def test_y_matlab_rounds_luma_half_up() -> None:
    """Y of (r, 0, 0) is 16 + 65.481 r / 255: 16.51 at r = 2, 16.26 at r = 1."""
    hr, sr = np.zeros((2, 20, 20, 3), np.uint8)
    sr[..., 0] = 1
    assert measure(sr, hr, 1, "y_matlab")["psnr"] == math.inf
    sr[..., 0] = 2
    assert measure(sr, hr, 1, "y_matlab")["psnr"] == pytest.approx(20 * math.log10(255), abs=ROUNDING)


@RELAXED
@given(st.sampled_from(sorted(PROTOCOLS)), st.sampled_from((2, 3, 4, 2.5)), st.integers(0, 2**32 - 1))
def test_properties(name: str, scale: float, seed: int) -> None:
    sr, hr = noisy(150, 140, seed)
    assert measure(hr, hr, scale, name) == pytest.approx({"psnr": math.inf, "ssim": 1})
    near, far = (measure(hr + strength * (sr - hr), hr, scale, name) for strength in (0.3, 1))
    assert near["psnr"] > far["psnr"] and near["ssim"] > far["ssim"]
    assert measure(sr.clip(0, 255), hr, scale, name) == measure(sr, hr, scale, name)
    if PROTOCOLS[name].rounds_sr:
        assert measure(sr.clip(0, 255).round().astype(np.uint8), hr, scale, name) == measure(sr, hr, scale, name)


def test_names_and_descriptions() -> None:
    names = {"ntire2022", "rgb_basicsr", "y_basicsr", "y_matlab", "liif_div2k", "liif_benchmark", "classsr"}
    assert set(PROTOCOLS) == names
    for name, protocol in PROTOCOLS.items():
        assert protocol.name == name
        assert protocol.description.endswith(")") and len(protocol.description) < 85


ZEROS = np.zeros((40, 50, 3), np.uint8)


@pytest.mark.parametrize(
    ("sr", "hr", "protocol", "message"),
    [
        (ZEROS, ZEROS, "y_basicrs", "unknown protocol 'y_basicrs': did you mean 'y_basicsr'"),
        (ZEROS[1:], ZEROS, "ntire2022", "the SR image has 50x39 pixels, the HR image 50x40"),
        (ZEROS, ZEROS.astype(float), "ntire2022", "the HR image must be uint8, not float64"),
        (ZEROS[..., :2], ZEROS, "ntire2022", r"the SR image must be .* not of shape \(40, 50, 2\)"),
        (ZEROS, ZEROS[None], "ntire2022", r"the HR image must be .* not of shape \(1, 40, 50, 3\)"),
        (np.full(ZEROS.shape, np.nan), ZEROS, "ntire2022", "NaN or infinite"),
        (ZEROS[:8], ZEROS[:8], "ntire2022", "a side of 8 pixels is too short for protocol ntire2022"),
        (ZEROS, ZEROS, "classsr", "a side of 40 pixels is too short for protocol classsr"),
        (ZEROS[:18], ZEROS[:18], "ntire2022", "SSIM needs at least 11x11 pixels, 42x10 are compared"),
    ],
)
def test_refuses(sr: np.ndarray, hr: np.ndarray, protocol: str, message: str) -> None:
    with pytest.raises(ResoluteError, match=message):
        measure(sr, hr, 4, protocol)

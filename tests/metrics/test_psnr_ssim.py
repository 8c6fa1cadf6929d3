"""PSNR and SSIM against scikit-image, formulas and their known properties."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from resolute.core.errors import ResoluteError
from resolute.metrics.psnr import psnr
from resolute.metrics.ssim import ssim

RELAXED = settings(deadline=None)  # the machine may be busy
# float64 sums in another order
ROUNDING = 1e-12

IMAGES = st.tuples(st.integers(11, 45), st.integers(11, 45), st.integers(0, 2**32 - 1))


def pair(height: int, width: int, seed: int, channels: int = 3) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    hr = rng.integers(0, 256, (height, width, channels), np.uint8)
    return np.clip(hr + rng.normal(0, rng.uniform(0, 60), hr.shape), 0, 255), hr


@RELAXED
@given(IMAGES)
def test_psnr_equals_scikit_image(image: tuple[int, int, int]) -> None:
    sr, hr = pair(*image)
    assert psnr(sr, hr) == pytest.approx(peak_signal_noise_ratio(hr, sr, data_range=255), rel=ROUNDING)


@RELAXED
@given(IMAGES)
def test_ssim_equals_scikit_image(image: tuple[int, int, int]) -> None:
    sr, hr = pair(*image)
    expected = structural_similarity(
        sr,
        hr.astype(np.float64),
        data_range=255,
        channel_axis=2,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
    )
    assert ssim(sr, hr) == pytest.approx(expected, abs=ROUNDING)
    channels = [ssim(sr[:, :, channel], hr[:, :, channel]) for channel in range(3)]
    assert ssim(sr, hr) == pytest.approx(np.mean(channels), abs=ROUNDING)


@pytest.mark.parametrize("error", [1, 7, 255])
def test_psnr_of_a_constant_error(error: int) -> None:
    hr = np.zeros((12, 13, 3), np.uint8)
    assert psnr(hr + np.uint8(error), hr) == pytest.approx(20 * math.log10(255 / error), rel=ROUNDING)


def test_ssim_of_constant_images() -> None:
    """Without variance, SSIM is its luminance term."""
    a, b = 100.0, 150.0
    c1 = (0.01 * 255) ** 2
    expected = (2 * a * b + c1) / (a**2 + b**2 + c1)
    assert ssim(np.full((20, 15), a), np.full((20, 15), b)) == pytest.approx(expected, abs=ROUNDING)


@RELAXED
@given(arrays(np.uint8, st.tuples(st.integers(11, 30), st.integers(11, 30))))
def test_equal_images(image: np.ndarray) -> None:
    assert psnr(image, image.astype(np.float32)) == math.inf
    assert ssim(image, image) == pytest.approx(1, abs=ROUNDING)


@RELAXED
@given(IMAGES)
def test_symmetric_in_the_images_and_blind_to_flips(image: tuple[int, int, int]) -> None:
    sr, hr = pair(*image)
    sr = sr.astype(np.uint8)
    for metric in (psnr, ssim):
        assert metric(sr, hr) == pytest.approx(metric(hr, sr), rel=ROUNDING)
        assert metric(sr[::-1, ::-1], hr[::-1, ::-1]) == pytest.approx(metric(sr, hr), rel=ROUNDING)


@pytest.mark.parametrize("shape", [(10, 40), (40, 10, 3), (1, 1)])
def test_ssim_needs_a_window(shape: tuple[int, ...]) -> None:
    image = np.zeros(shape, np.uint8)
    with pytest.raises(ResoluteError, match="SSIM needs at least 11x11 pixels"):
        ssim(image, image)

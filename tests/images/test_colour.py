"""The luma against scikit-image and MATLAB's documented end points."""

import numpy as np
from skimage.color import rgb2ycbcr

from resolute.images.colour import luma

# Both are float64; scikit-image scales to 0..1 first.
SKIMAGE_TOLERANCE = 1e-10


def test_equals_scikit_image() -> None:
    rgb = np.random.default_rng(0).integers(0, 256, (30, 40, 3), np.uint8)
    np.testing.assert_allclose(luma(rgb), rgb2ycbcr(rgb)[..., 0], atol=SKIMAGE_TOLERANCE)


def test_black_and_white_are_16_and_235() -> None:
    ends = luma(np.array([[0, 0, 0], [255, 255, 255]], np.uint8))
    np.testing.assert_allclose(ends, [16, 235], atol=SKIMAGE_TOLERANCE)


def test_takes_floats_outside_the_range_as_they_are() -> None:
    rgb = np.array([[-10.0, 300.5, 0.25]], np.float32)
    expected = 16 + (65.481 * -10 + 128.553 * 300.5 + 24.966 * 0.25) / 255
    np.testing.assert_allclose(luma(rgb), [expected], atol=SKIMAGE_TOLERANCE)

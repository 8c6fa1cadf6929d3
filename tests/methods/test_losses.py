"""Losses against figures by hand; SeemoRe's own is compared with the official one in tests/models/test_seemore.py."""

import pytest
import torch

from resolute.methods.losses import LOSSES


def test_the_weight_of_the_frequency_term_is_the_phases() -> None:
    sr, hr = torch.rand(2, 1, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    pixels = LOSSES["l1"](sr, hr).item()
    losses = [LOSSES["l1_fft"](sr, hr, weight=weight).item() for weight in (0, 0.05, 0.1)]
    assert losses[0] == pytest.approx(pixels)
    assert losses[2] - pixels == pytest.approx(2 * (losses[1] - pixels))
    assert losses[1] > losses[0]


def test_a_constant_error_in_the_frequency_term_counts_for_as_many_pixels_as_it_covers() -> None:
    hr = torch.zeros(1, 3, 8, 8)
    found = LOSSES["l1_fft"](hr + 0.5, hr, weight=0.05).item()
    # Of the 8 x 5 coefficients, each with two parts, the first alone is not zero: 64 pixels times 0.5.
    assert found == pytest.approx(0.5 + 0.05 * 64 * 0.5 / (8 * 5 * 2))


def test_the_psnr_loss_is_the_mean_over_images_and_bounded() -> None:
    hr = torch.zeros(2, 3, 8, 8)
    sr = hr + torch.tensor([0.1, 0.001])[:, None, None, None]
    assert LOSSES["psnr"](sr, hr).item() == pytest.approx(-(20 + 60) / 2, rel=1e-5)
    assert LOSSES["psnr"](hr, hr).item() == pytest.approx(-80)

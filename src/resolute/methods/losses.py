"""Losses by name. Each maps SR and HR (N x 3 x H x W, in units of the data range, so 0..1) to a scalar."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

Loss = Callable[[Tensor, Tensor], Tensor]


def charbonnier(sr: Tensor, hr: Tensor) -> Tensor:
    """The smooth L1 of Lai et al. (LapSRN, CVPR 2017), with epsilon 1e-3."""
    return torch.sqrt((sr - hr) ** 2 + 1e-6).mean()


def l1_fft(sr: Tensor, hr: Tensor, weight: float = 0.1) -> Tensor:
    """L1 and the L1 of the Fourier coefficients, real and imaginary parts alike (SeemoRe, ICML 2024: weight 0.1).

    The coefficients are unnormalised, so that a constant error counts for as many pixels as it covers.
    """
    coefficients = torch.view_as_real(torch.fft.rfft2(sr - hr))
    return functional.l1_loss(sr, hr) + weight * coefficients.abs().mean()


LOSSES: dict[str, Loss] = {
    "l1": functional.l1_loss,
    "l2": functional.mse_loss,
    "charbonnier": charbonnier,
    "l1_fft": l1_fft,
}

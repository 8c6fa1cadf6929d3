"""Losses by name. Each maps SR and HR (N x 3 x H x W, in units of the data range, so 0..1) to a scalar."""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor
from torch.nn import functional

from resolute.methods.plan import Phase

Loss = Callable[[Tensor, Tensor], Tensor]


def charbonnier(sr: Tensor, hr: Tensor) -> Tensor:
    """The smooth L1 of Lai et al. (LapSRN, CVPR 2017), with epsilon 1e-3."""
    return torch.sqrt((sr - hr) ** 2 + 1e-6).mean()


def psnr(sr: Tensor, hr: Tensor) -> Tensor:
    """The mean of the images' PSNR in dB with its sign turned; an error of 1e-4 (80 dB) and less counts as that."""
    errors = ((sr - hr) ** 2).mean(dim=(1, 2, 3)).clamp(min=1e-8)
    return 10 * torch.log10(errors).mean()


def l1_fft(sr: Tensor, hr: Tensor, weight: float = 0.1) -> Tensor:
    """L1 and `weight` times the L1 of the Fourier coefficients, real and imaginary parts alike.

    The weight is 0.1 in SeemoRe (ICML 2024) and ShuffleMixer (NeurIPS 2022), 0.05 in SAFMN (ICCV 2023) and SMFANet
    (ECCV 2024). The coefficients are unnormalised, so that a constant error counts for as many pixels as it
    covers.
    """
    coefficients = torch.view_as_real(torch.fft.rfft2(sr - hr))
    return functional.l1_loss(sr, hr) + weight * coefficients.abs().mean()


LOSSES: dict[str, Loss] = {
    "l1": functional.l1_loss,
    "l2": functional.mse_loss,
    "charbonnier": charbonnier,
    "psnr": psnr,
    "l1_fft": l1_fft,
}


def loss_of(phase: Phase) -> Loss:
    """The loss that a phase asks for."""
    return partial(l1_fft, weight=phase.fft_weight) if phase.loss == "l1_fft" else LOSSES[phase.loss]

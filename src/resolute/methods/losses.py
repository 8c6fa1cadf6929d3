"""Losses by name. Each maps SR and HR (N x 3 x H x W, in units of the data range, so 0..1) to a scalar.

Those in `FITTED` are given their options alone and make a module that maps SR and HR likewise, and keeps what it learns
and what it reads off the data. A learner has one for every such choice of its plan. `FITTED` says where they lie: a
training runs, and depends on, those files alone that its plan names.

Params are checked against their options without torch, which is imported where it computes.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Annotated

from resolute.core.choices import Choices

if TYPE_CHECKING:
    from torch import Tensor

    from resolute.methods.balanced import BalancedLoss


def l1(sr: "Tensor", hr: "Tensor") -> "Tensor":
    """The mean absolute difference."""
    from torch.nn import functional

    return functional.l1_loss(sr, hr)


def l2(sr: "Tensor", hr: "Tensor") -> "Tensor":
    """The mean squared difference."""
    from torch.nn import functional

    return functional.mse_loss(sr, hr)


def charbonnier(sr: "Tensor", hr: "Tensor") -> "Tensor":
    """The smooth L1 of Lai et al. (LapSRN, CVPR 2017), with epsilon 1e-3."""
    return ((sr - hr) ** 2 + 1e-6).sqrt().mean()


def psnr(sr: "Tensor", hr: "Tensor") -> "Tensor":
    """The mean of the images' PSNR in dB with its sign turned; an error of 1e-4 (80 dB) and less counts as that."""
    errors = ((sr - hr) ** 2).mean(dim=(1, 2, 3)).clamp(min=1e-8)
    return 10 * errors.log10().mean()


def l1_fft(sr: "Tensor", hr: "Tensor", *, weight: Annotated[float, {"minimum": 0, "maximum": 10**9}] = 0.1) -> "Tensor":
    """L1 and `weight` times the L1 of the Fourier coefficients, real and imaginary parts alike.

    The weight is 0.1 in SeemoRe (ICML 2024) and ShuffleMixer (NeurIPS 2022), 0.05 in SAFMN (ICCV 2023) and SMFANet
    (ECCV 2024). The coefficients are unnormalised, so that a constant error counts for as many pixels as it
    covers.
    """
    import torch

    coefficients = torch.view_as_real(torch.fft.rfft2(sr - hr))
    return l1(sr, hr) + weight * coefficients.abs().mean()


def bdloss(
    *,
    components: Annotated[int, {"minimum": 1, "maximum": 256}] = 8,
    likelihood: Annotated[str, {"enum": ["gauss", "laplace"]}] = "gauss",
    descriptor: Annotated[str, {"enum": ["pixel", "gradient"]}] = "pixel",
    sigma: Annotated[float, {"exclusiveMinimum": 0, "maximum": 1}] = 0.05,
    rate: Annotated[float, {"minimum": 0, "maximum": 1000}] = 1.0,
) -> "BalancedLoss":
    """WBSR's loss (NeurIPS 2024, Eq. 14): `resolute.methods.balanced` says what its options are."""
    made: BalancedLoss = import_module(FITTED["bdloss"]).BalancedLoss(components, likelihood, descriptor, sigma, rate)
    return made


FITTED = {"bdloss": "resolute.methods.balanced"}
LOSSES = Choices(
    "loss",
    {"l1": l1, "l2": l2, "charbonnier": charbonnier, "psnr": psnr, "l1_fft": l1_fft, "bdloss": bdloss},
)

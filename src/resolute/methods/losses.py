"""Losses by name. Each maps SR and HR (N x 3 x H x W, in units of the data range, so 0..1) to a scalar."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

Loss = Callable[[Tensor, Tensor], Tensor]


def charbonnier(sr: Tensor, hr: Tensor) -> Tensor:
    """The smooth L1 of Lai et al. (LapSRN, CVPR 2017), with epsilon 1e-3."""
    return torch.sqrt((sr - hr) ** 2 + 1e-6).mean()


LOSSES: dict[str, Loss] = {"l1": functional.l1_loss, "l2": functional.mse_loss, "charbonnier": charbonnier}

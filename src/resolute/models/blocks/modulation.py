"""Modulation: masks for a map of features that are made of coarser views of the same map."""

import torch
from torch import Tensor, fx, nn
from torch.nn import functional

from resolute.models.blocks.convolution import conv1, depthwise
from resolute.models.blocks.pooling import max_pool_cells

# Which way it goes depends on the map's sides alone; that cannot be traced.
fx.wrap("max_pool_cells")


class FarMask(nn.Module):
    """What SMFA multiplies features by (Zheng et al., ECCV 2024): pooled maxima and each channel's variance, filtered.

    Maps N x width x H x W, sides of at least `cell`, to the same shape.

    Args:
        width: channels.
        bias: of the convolutions.
        factors: whether maxima and variance have a learned factor per channel.
        cell: side of the cells whose maxima are taken.
    """

    def __init__(self, width: int, bias: bool = True, factors: bool = True, cell: int = 8) -> None:
        super().__init__()
        self.cell = cell
        self.pooled = depthwise(width, bias=bias)
        self.pooled_factor = nn.Parameter(torch.ones(1, width, 1, 1)) if factors else 1
        self.variance_factor = nn.Parameter(torch.zeros(1, width, 1, 1)) if factors else 1
        self.modulation = conv1(width, width, bias=bias)

    def maxima(self, x: Tensor) -> Tensor:
        """Those of each cell."""
        return max_pool_cells(x, self.cell)

    def variance(self, x: Tensor) -> Tensor:
        """That of each channel over the whole image: N x width x 1 x 1."""
        return torch.var(x, dim=(-2, -1), keepdim=True)

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[-2:]
        maxima = self.pooled(self.maxima(x))
        coarse = self.modulation(maxima * self.pooled_factor + self.variance(x) * self.variance_factor)
        return functional.interpolate(functional.gelu(coarse), size=(height, width))

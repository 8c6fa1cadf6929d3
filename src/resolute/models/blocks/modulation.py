"""Modulation: masks for a map of features that are made of coarser views of the same map."""

import torch
from torch import Tensor, fx, nn
from torch.nn import functional

from resolute.models.blocks.convolution import conv1, depthwise
from resolute.models.blocks.pooling import max_pool_cells

# Which way it goes depends on the map's sides alone; that cannot be traced.
fx.wrap("max_pool_cells")

LEVELS = 4
FAR = 8


class SAFM(nn.Module):
    """Spatially-adaptive feature modulation (Sun et al., ICCV 2023): every quarter of the channels filtered at its own
    resolution.

    Maps N x width x H x W to the same shape.

    Args:
        width: channels, a multiple of four.
        collapse: whether a side too short for a level's cells is one cell there; else that is an error.
    """

    def __init__(self, width: int, collapse: bool = False) -> None:
        super().__init__()
        self.collapse = collapse
        self.levels = nn.ModuleList(depthwise(width // LEVELS) for _ in range(LEVELS))
        self.fuse = conv1(width, width)

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[-2:]
        modulation = []
        for level, (convolution, chunk) in enumerate(zip(self.levels, x.chunk(LEVELS, dim=1), strict=True)):
            if level:
                pooled = max_pool_cells(chunk, 2**level, self.collapse)
                chunk = functional.interpolate(convolution(pooled), size=(height, width))
            else:
                chunk = convolution(chunk)
            modulation.append(chunk)
        return x * functional.gelu(self.fuse(torch.cat(modulation, dim=1)))


class FarMask(nn.Module):
    """What SMFA multiplies features by (Zheng et al., ECCV 2024): pooled maxima and each channel's variance, filtered.

    Maps N x width x H x W, sides of at least 8, to the same shape. The variances are those of the whole image.

    Args:
        width: channels.
        bias: of the convolutions.
        factors: whether maxima and variance have a learned factor per channel.
    """

    def __init__(self, width: int, bias: bool = True, factors: bool = True) -> None:
        super().__init__()
        self.pooled = depthwise(width, bias=bias)
        self.pooled_factor = nn.Parameter(torch.ones(1, width, 1, 1)) if factors else 1
        self.variance_factor = nn.Parameter(torch.zeros(1, width, 1, 1)) if factors else 1
        self.modulation = conv1(width, width, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[-2:]
        maxima = self.pooled(max_pool_cells(x, FAR))
        variance = torch.var(x, dim=(-2, -1), keepdim=True)
        coarse = self.modulation(maxima * self.pooled_factor + variance * self.variance_factor)
        return functional.interpolate(functional.gelu(coarse), size=(height, width))

"""Modulation of features by maxima of themselves (Sun et al., SAFMN, ICCV 2023)."""

import torch
from torch import Tensor, fx, nn
from torch.nn import functional

from resolute.models.blocks.convolution import conv1, conv3, depthwise
from resolute.models.blocks.pooling import max_pool_cells

# Which way it goes depends on the map's sides alone; that cannot be traced.
fx.wrap("max_pool_cells")

LEVELS = 4


class SAFM(nn.Module):
    """Spatially-adaptive feature modulation: every quarter of the channels filtered at its own resolution.

    N x width x H x W to the same shape. The first quarter is filtered as it is, the next at cells of `cell` pixels, the
    others at twice as many each; sides are as long as the longest cell at least.
    """

    def __init__(self, width: int, cell: int = 2) -> None:
        super().__init__()
        self.cell = cell
        self.levels = nn.ModuleList(depthwise(width // LEVELS) for _ in range(LEVELS))
        self.fuse = conv1(width, width)

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[-2:]
        modulation = []
        for level, (convolution, chunk) in enumerate(zip(self.levels, x.chunk(LEVELS, dim=1), strict=True)):
            if level:
                pooled = max_pool_cells(chunk, self.cell * 2 ** (level - 1))
                chunk = functional.interpolate(convolution(pooled), size=(height, width))
            else:
                chunk = convolution(chunk)
            modulation.append(chunk)
        return x * functional.gelu(self.fuse(torch.cat(modulation, dim=1)))


class PartialSAFM(nn.Module):
    """SAFMN++'s modulation: the first channels of a 3x3 convolution by their own maxima over cells of 8 pixels.

    N x width x H x W to the same shape, of sides of at least 8.

    Args:
        width: channels of the input and output.
        modulated: how many channels are.
        bias: of the convolutions but the depthwise one, which has none.
    """

    def __init__(self, width: int, modulated: int, bias: bool = False) -> None:
        super().__init__()
        self.sizes = [modulated, width - modulated]
        self.project = conv3(width, width, bias=bias)
        self.pooled = depthwise(modulated, bias=False)
        self.fuse = conv1(width, width, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        modulated, kept = self.project(x).split(self.sizes, dim=1)
        coarse = self.pooled(max_pool_cells(modulated, 8))
        wide = functional.interpolate(coarse, size=x.shape[-2:], mode="bilinear", align_corners=False)
        return self.fuse(functional.gelu(torch.cat([kept, functional.gelu(wide) * modulated], dim=1)))

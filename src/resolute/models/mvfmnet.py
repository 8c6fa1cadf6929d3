"""MVFMNet, features modulated by maxima and variances at two scales.

NTIRE 2025 Efficient SR challenge (arXiv 2504.10686), id 27; Amazingren/NTIRE2025_ESR, models/team27_MVFMNet.py.
Paper: "MVFMNet: A Lightweight Network for Remote Sensing Image Super-Resolution", IEEE JMASS 7(1), 2026. Data range
0..1. Peculiar: both halves of a block share one norm. LR sides of at least 7 (pooling).
"""

import torch
from torch import Tensor, fx, nn
from torch.nn import functional

from resolute.models import register_model
from resolute.models.blocks.convolution import conv1, depthwise
from resolute.models.blocks.modulation import FarMask
from resolute.models.blocks.normalisation import ChannelNorm
from resolute.models.blocks.pooling import maxima_of_cells
from resolute.models.blocks.post_upsampling import PostUpsampling
from resolute.models.blocks.variance import window_variance

# It makes index tensors of the map's sides; those cannot be traced.
fx.wrap("maxima_of_cells")

CELLS = (7, 5)  # no patch is a multiple of both, as `max_pool_cells` would have it for a deterministic backward pass


class LocalMask(FarMask):
    """SMFA's mask with the variances of windows, one per cell, which start every side // cells pixels.

    The last one ends the map: where the sides are no multiples of the cells, windows are larger than the cells.
    """

    def maxima(self, x: Tensor) -> Tensor:
        return maxima_of_cells(x, self.cell)

    def variance(self, x: Tensor) -> Tensor:
        height, width = x.shape[-2:]
        rows, columns = height // self.cell, width // self.cell
        stride = height // rows, width // columns
        return window_variance(x, (height - (rows - 1) * stride[0], width - (columns - 1) * stride[1]), stride)


class MultiLevelModulation(nn.Module):
    """Two thirds of the features are modulated, and added to the halves of what the last third becomes."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.split = conv1(width, 3 * width)
        self.local = nn.Sequential(conv1(width, 2 * width), nn.GELU(), depthwise(2 * width), nn.GELU())
        self.masks = nn.ModuleList(LocalMask(width, cell=cell) for cell in CELLS)
        self.fuse = conv1(2 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        first, middle, second = self.split(x).chunk(3, dim=1)
        near = self.local(middle).chunk(2, dim=1)
        far = first * self.masks[0](first), second * self.masks[1](second)
        return self.fuse(torch.cat([near[0] + far[0], near[1] + far[1]], dim=1))


class CrossGate(nn.Module):
    """Quarters of the hidden features gate each other: the second the first, the third the fourth."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.expand = conv1(width, 4 * width, bias=False)
        self.spatial = depthwise(4 * width, bias=False)
        self.reduce = conv1(2 * width, width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        first, second, third, fourth = self.spatial(self.expand(x)).chunk(4, dim=1)
        return self.reduce(torch.cat([functional.gelu(second) * first, functional.gelu(third) * fourth], dim=1))


class Block(nn.Module):
    """A modulation and a gated feed-forward network, each of the features by one and the same norm, and added."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = ChannelNorm(width)
        self.modulation = MultiLevelModulation(width)
        self.gate = CrossGate(width)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.modulation(self.norm(x))
        return x + self.gate(self.norm(x))


@register_model
class MVFMNet(PostUpsampling):
    """A chain of blocks with a skip over all of them."""

    def __init__(self, scale: float = 4, width: int = 26, blocks: int = 6) -> None:
        super().__init__(width, (Block(width) for _ in range(blocks)), scale, trunk=nn.Identity())

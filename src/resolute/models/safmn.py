"""SAFMN, "Spatially-Adaptive Feature Modulation for Efficient Image Super-Resolution".

Paper: Sun et al., ICCV 2023. Data range 0..1. Peculiar: the features are modulated by pyramids of maxima whose
windows divide the whole image, so where they lie depends on its size. LR sides of at least 8 (three halvings).
"""

import torch
from torch import Tensor, fx, nn
from torch.nn import functional

from resolute.models import register_model
from resolute.models.blocks.convolution import conv1, conv3, depthwise
from resolute.models.blocks.normalisation import ChannelNorm
from resolute.models.blocks.pooling import max_pool_cells
from resolute.models.blocks.post_upsampling import PostUpsampling
from resolute.models.blocks.residual import Residual

# Which way it goes depends on the map's sides alone; that cannot be traced.
fx.wrap("max_pool_cells")

LEVELS = 4


class SAFM(nn.Module):
    """Spatially-adaptive feature modulation: every quarter of the channels filtered at its own resolution.

    The first quarter is filtered as it is, the second at cells of `cell` pixels, the others at twice as many each.
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


@register_model
class SAFMN(PostUpsampling):
    """A chain of modulations and convolutional channel mixers, each normalised and with a skip."""

    def __init__(self, scale: float = 4, width: int = 36, blocks: int = 8) -> None:
        super().__init__(width, (self._block(width) for _ in range(blocks)), scale, trunk=nn.Identity())

    @staticmethod
    def _block(width: int) -> nn.Sequential:
        return nn.Sequential(
            Residual(ChannelNorm(width, eps=1e-6), SAFM(width)),
            Residual(ChannelNorm(width, eps=1e-6), conv3(width, 2 * width), nn.GELU(), conv1(2 * width, width)),
        )

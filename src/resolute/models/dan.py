"""DAN, which attends in space and across channels in turns, and ZenoSR, which was made of it.

NTIRE 2025 and 2026 efficient SR challenges: DAN (Amazingren/NTIRE2025_ESR, models/team20_DAN.py) and, weighted, ZenoSR
(Amazingren/NTIRE2026_ESR, models/team04_ZenoSR.py). Data range 0..1. Peculiar: variances of the whole image; windows
of 72 that overlap; the enlarged image goes through four depthwise convolutions. The released code takes one image at a
time; here each image of a batch is treated as it treats that one. LR sides of at least 8 (pooling).
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from resolute.models import register_model
from resolute.models.blocks.centred import CentredPostUpsampling
from resolute.models.blocks.context import spatial_channel_context
from resolute.models.blocks.convolution import conv1, conv3, depthwise
from resolute.models.blocks.post_upsampling import PixelShuffleTail
from resolute.models.blocks.residual import Residual

REFINEMENTS = 4


class LocalBlock(nn.Module):
    """Three filtering steps with skips, of whose input and outputs a distillate each is kept and fused.

    N x width x H x W to the same shape; no skip around all.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.steps = nn.ModuleList(Residual(conv1(width, width), depthwise(width)) for _ in range(3))
        self.distil = nn.ModuleList(conv1(width, width // 2) for _ in range(3))
        self.last = conv3(width, width // 2, groups=width // 2)
        self.fuse = conv1(2 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        distillates = []
        for step, distil in zip(self.steps, self.distil, strict=True):
            distillates.append(functional.gelu(distil(x)))
            x = functional.gelu(step(x))
        distillates.append(functional.gelu(self.last(x)))
        return self.fuse(torch.cat(distillates, dim=1))


class WeightedFusion(nn.Module):
    """The outputs of all blocks, side by side and each channel of them with a learned factor where asked, fused."""

    def __init__(self, blocks: int, width: int, weighted: bool) -> None:
        super().__init__()
        self.factors = nn.ParameterList(torch.ones(1, width, 1, 1) for _ in range(blocks) if weighted)
        self.conv = conv1(blocks * width, width, bias=False)

    def forward(self, outputs: Tensor) -> Tensor:
        if self.factors:
            outputs = outputs * torch.cat(list(self.factors), dim=1)
        return functional.gelu(self.conv(outputs))


@register_model
class DAN(CentredPostUpsampling):
    """Blocks that filter and then attend, whose outputs are all fused before the local block that is the trunk.

    Args:
        scale: the enlargement, an integer.
        width: channels between head and tail.
        blocks: how many blocks.
        weighted: whether the fusion has a learned factor for each of its channels (ZenoSR).
    """

    def __init__(self, scale: float = 4, width: int = 16, blocks: int = 6, weighted: bool = False) -> None:
        refine = (layer for _ in range(REFINEMENTS) for layer in (nn.GELU(), depthwise(3, bias=False)))
        pixels = conv1(width, 3 * int(scale) ** 2, bias=False)
        super().__init__(
            width,
            (Residual(LocalBlock(width), spatial_channel_context(width)) for _ in range(blocks)),
            scale,
            head=conv3(3, width, bias=False),
            fuse=WeightedFusion(blocks, width, weighted),
            trunk=LocalBlock(width),
            tail=nn.Sequential(PixelShuffleTail(width, scale, pixels), *refine),
        )

"""BMDN, "Branch Mixed Distillation Network for Efficient Super-Resolution".

NTIRE 2022 Table 1, row NWPU_SweetDreamLab; the challenge report has no section on it. Data range 0..1. Peculiar: ReLU
everywhere; a step's distillate, through a 3x3 convolution, also joins what is refined; the first step halves the
width and so has no residual. LR sides of at least 15 (ESA).
"""

import torch
from torch import Tensor, nn

from resolute.models import register_model
from resolute.models.blocks.attention import ESA
from resolute.models.blocks.convolution import conv1, conv3
from resolute.models.blocks.frame import LRFrame, fusion


class BMDB(nn.Module):
    """Branch mixed distillation block: N x width x H x W to the same shape, without a skip."""

    def __init__(self, width: int, kept: int, esa_width: int) -> None:
        super().__init__()
        inputs = (width, kept, kept)
        self.distil = nn.ModuleList(conv1(channels, kept) for channels in inputs)
        self.mix = nn.ModuleList(conv3(kept, kept) for _ in inputs)
        self.refine = nn.ModuleList(conv3(channels, kept) for channels in inputs)
        self.last = conv3(kept, kept)
        self.fuse = conv1(4 * kept, width)
        self.attention = ESA(width, esa_width)
        self.activation = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        distillates = []
        for step, (distil, mix, refine) in enumerate(zip(self.distil, self.mix, self.refine, strict=True)):
            distillates.append(self.activation(distil(x)))
            refined = refine(x) + mix(distillates[-1])
            x = self.activation(refined + x if step else refined)
        distillates.append(self.activation(self.last(x)))
        return self.attention(self.fuse(torch.cat(distillates, dim=1)))


@register_model
class BMDN(LRFrame):
    """Branch mixed distillation blocks whose outputs are all fused before the trunk convolution."""

    def __init__(self, scale: float = 4, width: int = 40, kept: int = 20, blocks: int = 4, esa_width: int = 10) -> None:
        chain = (BMDB(width, kept, esa_width) for _ in range(blocks))
        super().__init__(width, chain, scale, fuse=fusion(blocks, width, nn.ReLU()))

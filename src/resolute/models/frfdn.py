"""FasterRFDN, "Faster Residual Feature Distillation Network for Efficient Super Resolution".

NTIRE 2022 challenge report, section 4.14 and Table 1, row TOVBU. Data range 0..1. Peculiar: from the second step of a
block on it is the distillate that is refined, so the features narrow as the distillates do; the last convolution has
a residual too. LR sides of at least 15 (ESA).
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from resolute.models import register_model
from resolute.models.blocks.attention import ESA
from resolute.models.blocks.convolution import conv1, conv3, leaky_relu
from resolute.models.blocks.frame import LRFrame, fusion


class FRFDB(nn.Module):
    """Faster residual feature distillation block: N x width x H x W to the same shape, without a skip.

    Args:
        width: channels of the input and output.
        kept: channels of the distillate of every step.
        esa_width: channels inside ESA.
    """

    def __init__(self, width: int, kept: Sequence[int], esa_width: int) -> None:
        super().__init__()
        refined = (width, *kept[1:])
        inputs = (width, *refined[:-1])
        self.distil = nn.ModuleList(map(conv1, inputs, kept))
        self.refine = nn.ModuleList(conv3(channels, channels) for channels in refined)
        self.last = conv3(kept[-1], kept[-1])
        self.fuse = conv1(sum(kept) + kept[-1], width)
        self.attention = ESA(width, esa_width)
        self.activation = leaky_relu()

    def forward(self, x: Tensor) -> Tensor:
        distillates: list[Tensor] = []
        for step, (distil, refine) in enumerate(zip(self.distil, self.refine, strict=True)):
            distillates.append(self.activation(distil(x)))
            source = distillates[-1] if step else x
            x = self.activation(refine(source) + source)
        distillates.append(self.activation(self.last(x) + x))
        return self.attention(self.fuse(torch.cat(distillates, dim=1)))


@register_model
class FasterRFDN(LRFrame):
    """Narrowing distillation blocks whose outputs are all fused before the trunk convolution."""

    def __init__(
        self,
        scale: float = 4,
        width: int = 64,
        kept: Sequence[int] = (32, 32, 16),
        blocks: int = 4,
        esa_width: int = 16,
    ) -> None:
        chain = (FRFDB(width, kept, esa_width) for _ in range(blocks))
        super().__init__(width, chain, scale, fuse=fusion(blocks, width))

"""RFDNeXt, RFDN with a ConvNeXt-like block in place of its attention.

NTIRE 2022 Table 1, row SSL; the challenge report has no section on it. Data range 0..1. Peculiar: only the last
refined features and the concatenated distillates are activated; the first step halves the width, its distillate being
its residual. Any input size works.
"""

import torch
from torch import Tensor, nn

from resolute.models import register_model
from resolute.models.blocks.convolution import conv1, conv3, depthwise, leaky_relu
from resolute.models.blocks.frame import LRFrame, fusion


class InvertedBottleneck(nn.Module):
    """7x7 depthwise convolution and a pointwise expansion by 4 (Liu et al., ConvNeXt, CVPR 2022), added to the input.

    Neither norm nor layer scale; the activation is a leaky ReLU.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(depthwise(width, 7), conv1(width, 4 * width), leaky_relu(), conv1(4 * width, width))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.layers(x)


class RFDBNeXt(nn.Module):
    """Distillation of features that stay linear until the last step; N x width x H x W to the same shape."""

    def __init__(self, width: int, kept: int) -> None:
        super().__init__()
        inputs = (width, kept, kept)
        self.distil = nn.ModuleList(conv1(channels, kept) for channels in inputs)
        self.refine = nn.ModuleList(conv3(channels, kept) for channels in inputs)
        self.last = conv3(kept, kept)
        self.fuse = conv1(4 * kept, width)
        self.mix = InvertedBottleneck(width)
        self.activation = leaky_relu()

    def forward(self, x: Tensor) -> Tensor:
        distillates: list[Tensor] = []
        for step, (distil, refine) in enumerate(zip(self.distil, self.refine, strict=True)):
            distillates.append(distil(x))
            x = refine(x) + (x if step else distillates[0])
        distillates.append(self.last(self.activation(x)))
        return self.mix(self.fuse(self.activation(torch.cat(distillates, dim=1))))


@register_model
class RFDNeXt(LRFrame):
    """Distillation blocks without attention whose outputs are all fused before the trunk convolution."""

    def __init__(self, scale: float = 4, width: int = 50, kept: int = 25, blocks: int = 4) -> None:
        super().__init__(width, (RFDBNeXt(width, kept) for _ in range(blocks)), scale, fuse=fusion(blocks, width))

"""SR_model, a relative of RFDN without distillation.

NTIRE 2022 challenge report, section 4.15 and Table 1, row Alpan Team; the report gives it no other name. Data range
0..1. Peculiar: ESA after every 3x3 convolution, with half of the channels inside; a block fuses its input and the
outputs of all its steps at full width. LR sides of at least 15 (ESA).
"""

import torch
from torch import Tensor, nn

from resolute.models import register_model
from resolute.models.blocks.attention import ESA
from resolute.models.blocks.convolution import conv1, conv3, leaky_relu
from resolute.models.blocks.post_upsampling import PostUpsampling, fusion


class AttendedStep(nn.Module):
    """A 3x3 convolution with a residual, activated, then attention."""

    def __init__(self, width: int, esa_width: int) -> None:
        super().__init__()
        self.conv = conv3(width, width)
        self.activation = leaky_relu()
        self.attention = ESA(width, esa_width)

    def forward(self, x: Tensor) -> Tensor:
        return self.attention(self.activation(self.conv(x) + x))


class AttendedBlock(nn.Module):
    """Attended steps in a row, fused with the block's input; N x width x H x W to the same shape."""

    def __init__(self, width: int, steps: int, esa_width: int) -> None:
        super().__init__()
        self.steps = nn.ModuleList(AttendedStep(width, esa_width) for _ in range(steps))
        self.fuse = conv1((steps + 1) * width, width)
        self.attention = ESA(width, esa_width)

    def forward(self, x: Tensor) -> Tensor:
        features = [x]
        for step in self.steps:
            features.append(step(features[-1]))
        return self.attention(self.fuse(torch.cat(features, dim=1)))


@register_model
class SRModel(PostUpsampling):
    """Attended blocks whose outputs are all fused before the trunk convolution."""

    def __init__(self, scale: float = 4, width: int = 32, blocks: int = 4, steps: int = 3, esa_width: int = 16) -> None:
        chain = (AttendedBlock(width, steps, esa_width) for _ in range(blocks))
        super().__init__(width, chain, scale, fuse=fusion(blocks, width))

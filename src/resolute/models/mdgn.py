"""MDGN, "Multi-Directional Gradient Network for Real-time Super Resolution".

NTIRE 2022 Table 1, row Strong Tiger; the challenge report has no section on it. Data range 0..255. Peculiar: a block
has no skip, and the mask that multiplies its output comes from its input. Any input size works.
"""

import torch
from torch import Tensor, nn

from resolute.models import register_model
from resolute.models.blocks.convolution import conv1, conv3
from resolute.models.blocks.post_upsampling import PostUpsampling


class GradientBlock(nn.Module):
    """Three activated 3x3 convolutions in a row, all of them fused, times one spatial mask of the input."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.steps = nn.ModuleList(nn.Sequential(conv3(width, width), nn.PReLU(width)) for _ in range(3))
        self.fuse = nn.Sequential(conv1(3 * width, width), nn.PReLU(width))
        self.mask = conv1(width, 1)

    def forward(self, x: Tensor) -> Tensor:
        outputs, y = [], x
        for step in self.steps:
            y = step(y)
            outputs.append(y)
        return self.fuse(torch.cat(outputs, dim=1)) * torch.sigmoid(self.mask(x))


@register_model
class MDGN(PostUpsampling):
    """A chain of gradient blocks at LR size."""

    def __init__(self, scale: float = 4, width: int = 64, blocks: int = 4) -> None:
        super().__init__(width, (GradientBlock(width) for _ in range(blocks)), scale)

"""PAEDN, EFDN's pairs of cells whose branches are gated without parameters.

NTIRE 2025 Efficient SR challenge (arXiv 2504.10686), id 56, team IVL; Amazingren/NTIRE2025_ESR,
models/team56_PAEDN.py. Data range 0..1. Peculiar: a distillate is a stage times its own sigmoid less a half, and the
stages go on without that gate; the released network clamps its own output, which would stop gradients in training.
Trained with diverse branch blocks. Any input size works.
"""

import torch
from torch import Tensor, nn

from resolute.models import register_model
from resolute.models.blocks.convolution import ConvFactory, conv1
from resolute.models.blocks.post_upsampling import PixelShuffleTail
from resolute.models.blocks.reparameterised import convolution
from resolute.models.efdn import EFDN


class Cell(nn.Module):
    """A 1x1 and two activated 3x3 convolutions in a row, a distillate of each, and a skip."""

    def __init__(self, width: int, kept: int, conv: ConvFactory) -> None:
        super().__init__()
        self.enter = conv1(width, width)
        self.steps = nn.ModuleList(nn.Sequential(conv(width, width), nn.PReLU(width)) for _ in range(2))
        self.distil = nn.ModuleList(conv1(width, kept) for _ in range(3))
        self.fuse = conv1(3 * kept, width)

    def forward(self, x: Tensor) -> Tensor:
        stage = self.enter(x)
        distillates = [self.distil[0](stage)]
        for step, distil in zip(self.steps, self.distil[1:], strict=True):
            stage = step(stage)
            distillates.append(distil(stage * (torch.sigmoid(stage) - 0.5)))
        return self.fuse(torch.cat(distillates, dim=1)) + x


@register_model
class PAEDN(EFDN):
    """EFDN with four other cells; `conv` is the kind of their 3x3 convolutions, `clamp` keeps the output in 0..1."""

    def __init__(
        self, scale: float = 4, width: int = 48, kept: int = 24, conv: str = "plain", clamp: bool = True
    ) -> None:
        super().__init__(scale, width, clamp=clamp)
        make, colours = convolution(conv), 3 * int(scale) ** 2
        self.body = nn.Sequential(*(Cell(width, kept, make) for _ in range(4)))
        self.tail = PixelShuffleTail(width, scale, nn.Sequential(make(width, colours), nn.PReLU(colours)))

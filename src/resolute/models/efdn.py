"""EFDN of team NKU-ESR, "Edge-Enhanced Feature Distillation Network for Efficient Super-Resolution".

Paper: CVPR Workshops 2022, arXiv 2204.08759; NTIRE 2022 challenge report, section 4.12 and Table 1, row NKU-ESR (not
team NEESR's network of the same abbreviation). Data range 0..1. Peculiar: the outputs of pairs of cells are fused,
last those of the second and the fourth; the released network clamps its own output, which would stop gradients in
training. Trained with edge-enhanced diverse branch blocks. LR sides of at least 15 (ESA).
"""

import torch
from torch import Tensor, nn

from resolute.models import register_model
from resolute.models.blocks.attention import ESA
from resolute.models.blocks.convolution import ConvFactory, conv1
from resolute.models.blocks.post_upsampling import PostUpsampling
from resolute.models.blocks.reparameterised import convolution


class Cell(nn.Module):
    """A 1x1 and two 3x3 convolutions in a row, a distillate of every stage, ESA and a skip."""

    def __init__(self, width: int, kept: int, esa_width: int, conv: ConvFactory) -> None:
        super().__init__()
        convolutions = (conv1(width, width), conv(width, width), conv(width, width))
        self.steps = nn.ModuleList(nn.Sequential(layer, nn.PReLU(width)) for layer in convolutions)
        self.distil = nn.ModuleList(conv1(width, kept) for _ in range(4))
        self.fuse = conv1(4 * kept, width)
        self.attention = ESA(width, esa_width)

    def forward(self, x: Tensor) -> Tensor:
        stages = [x]
        for step in self.steps:
            stages.append(step(stages[-1]))
        distillates = [distil(stage) for distil, stage in zip(self.distil, stages, strict=True)]
        return self.attention(self.fuse(torch.cat(distillates, dim=1))) + x


@register_model
class EFDN(PostUpsampling):
    """Four cells at LR size; `conv` is the kind of their 3x3 convolutions, `clamp` keeps the output in 0..1."""

    def __init__(
        self,
        scale: float = 4,
        width: int = 48,
        kept: int = 24,
        esa_width: int = 12,
        conv: str = "plain",
        clamp: bool = True,
    ) -> None:
        cells = (Cell(width, kept, esa_width, convolution(conv)) for _ in range(4))
        super().__init__(width, cells, scale, trunk=nn.Identity())
        self.pairs = nn.ModuleList(conv1(2 * width, width) for _ in range(3))
        self.clamp = clamp

    def deep_features(self, shallow: Tensor) -> Tensor:
        first = self.body[0](shallow)
        second = self.body[1](first)
        third = self.body[2](self.pairs[0](torch.cat([first, second], dim=1)))
        fourth = self.body[3](self.pairs[1](torch.cat([second, third], dim=1)))
        return self.pairs[2](torch.cat([second, fourth], dim=1))

    def forward(self, lr: Tensor) -> Tensor:
        sr = super().forward(lr)
        return sr.clamp(0, 1) if self.clamp else sr

"""EFDN of team NEESR, "Edge-Oriented Feature Distillation Network for Lightweight Image Super Resolution".

NTIRE 2022 challenge report, section 4.3 and Table 1, row NEESR (not NKU-ESR's network of the same abbreviation).
Data range 0..255. Peculiar: ESA pools the reduced features directly and refines them by two parallel convolutions; no
residuals in the blocks, no fusion of their outputs. Trained with edge-oriented convolution blocks. LR sides of at
least 5 (the pool).
"""

import torch
from torch import Tensor, nn

from resolute.models import register_model
from resolute.models.blocks.attention import ESA
from resolute.models.blocks.convolution import conv3
from resolute.models.blocks.distillation import RFDB
from resolute.models.blocks.post_upsampling import PostUpsampling
from resolute.models.blocks.reparameterised import convolution


class ParallelRefinement(nn.Module):
    """Two activated 3x3 convolutions of the same map, and a third of both together."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = conv3(width, width)
        self.second = conv3(width, width)
        self.merge = conv3(2 * width, width)
        self.activation = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        return self.merge(torch.cat([self.activation(self.first(x)), self.activation(self.second(x))], dim=1))


@register_model
class EOFDN(PostUpsampling):
    """A chain of distillation blocks at LR size; `conv` is the kind of their 3x3 convolutions."""

    def __init__(
        self,
        scale: float = 4,
        width: int = 42,
        kept: int = 10,
        blocks: int = 4,
        esa_width: int = 10,
        conv: str = "plain",
    ) -> None:
        make = convolution(conv)

        def block() -> RFDB:
            pool = nn.MaxPool2d(7, stride=7, padding=1)
            attention = ESA(width, esa_width, shrink=pool, refine=ParallelRefinement(esa_width))
            refine = [make(width, width) for _ in range(3)]
            return RFDB(width, kept, attention, refine, residual=False, last=make)

        super().__init__(width, (block() for _ in range(blocks)), scale)

"""IMDN+, "Improved Information Distillation Network".

NTIRE 2022 challenge report, section 4.7 and Table 1, row rainbow. Data range 0..1. Peculiar: the convolutions keep
the width of what they read, so the features shrink from 36 to 6 channels inside a block, and the last slice is
activated too. Trained with the parts of ECB that are no edge masks. Any input size works.
"""

import torch
from torch import Tensor, nn

from resolute.models import register_model
from resolute.models.blocks.convolution import ConvFactory, conv1
from resolute.models.blocks.post_upsampling import PostUpsampling
from resolute.models.blocks.reparameterised import convolution


class ShrinkingIMDB(nn.Module):
    """Distillation in `width / kept` steps of SiLU-activated 3x3 convolutions; what is passed on shrinks."""

    def __init__(self, width: int, kept: int, conv: ConvFactory) -> None:
        super().__init__()
        self.kept = kept
        self.steps = nn.ModuleList(conv(passed, passed) for passed in range(width, 0, -kept))
        self.fuse = conv1(width, width)
        self.activation = nn.SiLU()

    def forward(self, x: Tensor) -> Tensor:
        slices, passed = [], x
        for step in self.steps:
            y = self.activation(step(passed))
            slices.append(y[:, : self.kept])
            passed = y[:, self.kept :]
        return x + self.fuse(torch.cat(slices, dim=1))


@register_model
class IMDNPlus(PostUpsampling):
    """A chain of shrinking distillation blocks at LR size; `kept` divides `width`."""

    def __init__(self, scale: float = 4, width: int = 36, kept: int = 6, blocks: int = 8, conv: str = "plain") -> None:
        super().__init__(width, (ShrinkingIMDB(width, kept, convolution(conv)) for _ in range(blocks)), scale)

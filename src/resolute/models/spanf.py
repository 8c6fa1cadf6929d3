"""SPANF: SPAN's blocks between a nearest-neighbour enlargement and one fusion.

NTIRE 2025 efficient SR challenge, team XiaomiMM (Amazingren/NTIRE2025_ESR, models/team24_SPANF.py), and what was made
of it in 2026 by a narrower tail (Amazingren/NTIRE2026_ESR): PDS (models/team01_PDS.py) and PKDSR
(models/team16_PKDSR.py). Data range 0..1. Peculiar: the enlarged image is fused with the features, not added to the
result; the first block has neither skip nor gate. Any input size works.
"""

import torch
from torch import Tensor, nn

from resolute.models import register_model
from resolute.models.blocks.convolution import conv1
from resolute.models.blocks.near import NearestConv
from resolute.models.blocks.post_upsampling import PixelShuffleTail
from resolute.models.blocks.span import SPAB, activated_chain
from resolute.models.blocks.span_training import span_convolution


@register_model
class SPANF(nn.Module):
    """Activated convolutions, a chain of parameter-free attention blocks, and a tail that reads both and the image.

    Args:
        scale: the enlargement, an integer.
        width: channels of the blocks.
        blocks: how many, the first one without attention.
        fused_width: channels between fusion and tail.
        conv: kind of the 3x3 convolutions.
    """

    def __init__(
        self, scale: float = 4, width: int = 32, blocks: int = 5, fused_width: int = 32, conv: str = "plain"
    ) -> None:
        super().__init__()
        make = span_convolution(conv)
        pixels = 3 * int(scale) ** 2
        self.near = NearestConv(scale)
        self.head = activated_chain(3, width, conv=make)
        self.body = nn.Sequential(*(SPAB(width, conv=make) for _ in range(blocks - 1)))
        self.fuse = conv1(pixels + 2 * width, fused_width)
        self.tail = PixelShuffleTail(fused_width, scale, make(fused_width, pixels))

    def forward(self, lr: Tensor) -> Tensor:
        shallow = self.head(lr)
        return self.tail(self.fuse(torch.cat([self.near(lr), self.body(shallow), shallow], dim=1)))

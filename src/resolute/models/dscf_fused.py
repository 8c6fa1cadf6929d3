"""DSCF_Fused: SPAN of width 26 with linear layers in a row merged into one.

NTIRE 2026 efficient SR challenge, team 15 (Amazingren/NTIRE2026_ESR, models/team15_DSCF_Fused.py): the weights of DSCF,
the winner of 2025 (arXiv 2504.11271), not trained again. Data range 0..1. Peculiar: the head and the first convolution
of the first block are one 5x5 kernel, which is another function at the border, where the two had padded in between; the
trunk is merged with its part of the fusion. Any input size works.
"""

import torch
from torch import Tensor, nn

from resolute.models import register_model
from resolute.models.blocks.convolution import conv, conv1, conv3
from resolute.models.blocks.normalisation import div2k_mean
from resolute.models.blocks.post_upsampling import PixelShuffleTail
from resolute.models.blocks.span import SPAB, activated_chain, span_gate


@register_model
class DSCFFused(nn.Module):
    """A chain of parameter-free attention blocks, the first of which reads the image."""

    mean: Tensor

    def __init__(self, scale: float = 4, width: int = 26, blocks: int = 6) -> None:
        super().__init__()
        self.register_buffer("mean", div2k_mean(), persistent=False)
        self.head = conv3(3, width)
        self.wide = nn.Sequential(conv(3, width, 5), nn.SiLU())
        self.short = activated_chain(width, width, 2)
        self.body = nn.ModuleList(SPAB(width) for _ in range(blocks - 1))
        self.trunk = conv3(width, width, bias=False)
        self.fuse = conv1(3 * width, width)
        self.tail = PixelShuffleTail(width, scale)

    def forward(self, lr: Tensor) -> Tensor:
        # The blocks' features are in 0..255, whatever the image is in.
        centred = (lr - self.mean) * 255
        shallow = self.head(centred)
        first = span_gate(self.short(self.wide(centred)), shallow)
        x, activated = first, shallow
        for block in self.body:
            assert isinstance(block, SPAB)
            x, activated = block.with_first(x)
        return self.tail(self.fuse(torch.cat([shallow, first, activated], dim=1)) + self.trunk(x))

"""ESPAN, "Expanded SPAN for Efficient Super-Resolution".

CVPR Workshops 2025; NTIRE 2025 Efficient SR challenge (arXiv 2504.10686), id 36, team mbga; Amazingren/NTIRE2025_ESR,
models/team36_espan.py. Data range 0..1. Peculiar: a head of 9x9, and a last block of two convolutions, which training
adds as part of a teacher. Trained with six branches in place of every convolution. Any input size works.
"""

import torch
from torch import Tensor, nn

from resolute.models import register_model
from resolute.models.blocks.convolution import conv, conv1, conv3
from resolute.models.blocks.post_upsampling import PixelShuffleTail
from resolute.models.blocks.reparameterised import BRANCHES, Reparameterised
from resolute.models.blocks.span import SPAB

BRANCHES_OF_A_CONVOLUTION = ("3x3", "1x1", *["1x1_3x3"] * 4)


def expanded_conv3(inputs: int, outputs: int) -> Reparameterised:
    """What trains in the place of a 3x3 convolution."""
    return Reparameterised([BRANCHES[name](inputs, outputs) for name in BRANCHES_OF_A_CONVOLUTION])


@register_model
class ESPAN(nn.Module):
    """A chain of parameter-free attention blocks; head, trunk, first and last block are fused.

    Args:
        scale: the enlargement, an integer.
        width: channels between head and tail.
        blocks: how many of three convolutions; one of two follows them.
        head_kernel: side of the head's kernel.
        expanded: the form that is trained.
    """

    def __init__(
        self, scale: float = 4, width: int = 32, blocks: int = 5, head_kernel: int = 9, expanded: bool = False
    ) -> None:
        super().__init__()
        make = expanded_conv3 if expanded else conv3
        self.head = conv(3, width, head_kernel)
        chain = [SPAB(width, conv=make) for _ in range(blocks)]
        self.body = nn.ModuleList([*chain, SPAB(width, convolutions=2, conv=make)])
        self.trunk = make(width, width)
        self.fuse = conv1(4 * width, width)
        self.tail = PixelShuffleTail(width, scale, make(width, 3 * int(scale) ** 2))

    def forward(self, lr: Tensor) -> Tensor:
        shallow = x = self.head(lr)
        outputs = []
        for block in self.body:
            x = block(x)
            outputs.append(x)
        return self.tail(self.fuse(torch.cat([shallow, self.trunk(x), outputs[0], x], dim=1)))

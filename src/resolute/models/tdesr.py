"""TDESR, tensor-decomposed efficient SR: SPAN's blocks with every 3x3 convolution a column and a row of low rank.

NTIRE 2025 Efficient SR challenge (arXiv 2504.10686), id 45; Amazingren/NTIRE2025_ESR, models/team45_TDESR.py. Data
range 0..1. Any input size works.
"""

from torch import nn

from resolute.models import register_model
from resolute.models.blocks.convolution import conv
from resolute.models.blocks.post_upsampling import PostUpsampling
from resolute.models.blocks.span import SPAB


@register_model
class TDESR(PostUpsampling):
    """A chain of parameter-free attention blocks with a skip over all of them.

    Args:
        scale: the enlargement.
        width: channels between head and tail.
        blocks: how many.
        rank: channels between the 3x1 and the 1x3 convolution.
    """

    def __init__(self, scale: float = 4, width: int = 64, blocks: int = 5, rank: int = 32) -> None:
        def decomposed(inputs: int, outputs: int) -> nn.Sequential:
            return nn.Sequential(conv(inputs, rank, (3, 1), bias=False), conv(rank, outputs, (1, 3)))

        super().__init__(width, (SPAB(width, conv=decomposed) for _ in range(blocks)), scale)

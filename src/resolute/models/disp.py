"""DISP: a chain of plain activated 3x3 convolutions with skips, no attention.

NTIRE 2026 efficient SR challenge, team 18 (Amazingren/NTIRE2026_ESR, models/team18_DISP.py); TSSR of 2025 is the same
network. Data range 0..1. Peculiar: the last activation of a block stands before its sum, so that blocks add what is
almost positive; a 1x1 trunk. Any input size works.
"""

from torch import nn

from resolute.models import register_model
from resolute.models.blocks.convolution import conv
from resolute.models.blocks.post_upsampling import PostUpsampling
from resolute.models.blocks.residual import Residual
from resolute.models.blocks.span import activated_chain


@register_model
class DISP(PostUpsampling):
    """A chain of blocks, each of them activated convolutions with a skip; the trunk's kernel is of any size."""

    def __init__(
        self, scale: float = 4, width: int = 32, blocks: int = 4, convolutions: int = 4, trunk_kernel: int = 1
    ) -> None:
        chain = (Residual(*activated_chain(width, width, convolutions), nn.SiLU()) for _ in range(blocks))
        super().__init__(width, chain, scale, trunk=conv(width, width, trunk_kernel))

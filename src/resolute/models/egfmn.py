"""EGFMN, team VPEG_E's network: SAFMN with coarser cells and a gated feed-forward network without an activation.

NTIRE 2024 Table 1, row VPEG_E (Amazingren/NTIRE2024_ESR, models/team43_EGFMN.py). Data range 0..1. Peculiar: the cells
that divide the whole image are of 4, 8 and 16 pixels. LR sides of at least 16.
"""

from torch import nn

from resolute.models import register_model
from resolute.models.blocks.post_upsampling import PostUpsampling
from resolute.models.blocks.product import ProductFeedForward
from resolute.models.blocks.residual import Residual
from resolute.models.blocks.written_norm import WrittenNorm
from resolute.models.safmn import SAFM


@register_model
class EGFMN(PostUpsampling):
    """A chain of modulations and feed-forward networks of `hidden` channels, each normed and with a skip."""

    def __init__(self, scale: float = 4, width: int = 36, blocks: int = 7, hidden: int = 72) -> None:
        def block() -> nn.Sequential:
            return nn.Sequential(
                Residual(WrittenNorm(width, eps=1e-6), SAFM(width, cell=4)),
                Residual(WrittenNorm(width, eps=1e-6), ProductFeedForward(width, hidden)),
            )

        super().__init__(width, (block() for _ in range(blocks)), scale, trunk=nn.Identity())

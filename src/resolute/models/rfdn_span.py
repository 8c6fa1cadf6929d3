"""RFDN_SPAN: RFDN with SPAN's gate in the place of its spatial attention.

NTIRE 2026 efficient SR challenge, team 09 (Amazingren/NTIRE2026_ESR, models/team09_RFDN_SPAN.py). Data range 0..1.
Peculiar: the gate adds a skip to RFDN's block, which has none. Any input size works.
"""

from torch import Tensor, nn

from resolute.models import register_model
from resolute.models.blocks.distillation import RFDB
from resolute.models.blocks.post_upsampling import PostUpsampling, fusion
from resolute.models.blocks.span import span_gate


class GatedRFDB(RFDB):
    """RFDB whose fused features gate themselves and the input (N x width x H x W)."""

    def __init__(self, width: int, kept: int) -> None:
        super().__init__(width, kept, attention=nn.Identity())

    def forward(self, x: Tensor) -> Tensor:
        return span_gate(super().forward(x), x)


@register_model
class RFDNSPAN(PostUpsampling):
    """Gated distillation blocks whose outputs are all fused before the trunk convolution."""

    def __init__(self, scale: float = 4, width: int = 46, kept: int = 23, blocks: int = 4) -> None:
        chain = (GatedRFDB(width, kept) for _ in range(blocks))
        super().__init__(width, chain, scale, fuse=fusion(blocks, width))

"""Isotropic Restormer: Restormer's blocks at one resolution.

NTIRE 2022 challenge report, section 4.25 and Table 1, row TeamInception; nothing was released. Data range 0..1.
Peculiar: separate convolutions for queries, keys, values and both maps of the feed-forward network, which the
report's 74 convolutions imply; it attends across channels over the whole image. The report does not give the widths;
those here are the ones that come closest to its cost figures. Takes any size.
"""

from torch import nn

from resolute.models import register_model
from resolute.models.blocks.post_upsampling import PostUpsampling
from resolute.models.blocks.restormer import RestormerBlock


@register_model
class IsotropicRestormer(PostUpsampling):
    """Transformer blocks with a skip around them, whose result is added to the bilinearly enlarged image."""

    def __init__(
        self, scale: float = 4, width: int = 94, blocks: int = 6, heads: int = 2, expansion: float = 1.33
    ) -> None:
        hidden = int(expansion * width)
        chain = (RestormerBlock(width, heads, hidden, bias=True, fused=False) for _ in range(blocks))
        super().__init__(width, chain, scale, image_skip=True, trunk=nn.Identity())

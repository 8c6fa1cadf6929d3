"""RLFN_mogai, team Supersr's network: RLFN with GELU and a gated feed-forward network in place of every second block.

NTIRE 2024 Table 1, row Supersr (Amazingren/NTIRE2024_ESR, models/team05_RLFF.py). Data range 0..1. Peculiar: nothing
skips the feed-forward networks. LR sides of at least 15 (ESA).
"""

from torch import nn

from resolute.models import register_model
from resolute.models.blocks.convolution import conv1, conv3
from resolute.models.blocks.local_features import RLFB, slim_esa
from resolute.models.blocks.post_upsampling import PostUpsampling
from resolute.models.blocks.restormer import GatedFeedForward


@register_model
class RLFNMogai(PostUpsampling):
    """Residual local feature blocks in turn with feed-forward networks of `hidden` channels; a block comes last."""

    def __init__(
        self, scale: float = 4, width: int = 48, blocks: int = 5, esa_width: int = 16, hidden: int = 127
    ) -> None:
        def block(number: int) -> nn.Module:
            if number % 2:
                return GatedFeedForward(width, hidden)
            layers = (conv3(width, width) for _ in range(3))
            return RLFB(layers, conv1(width, width), slim_esa(width, esa_width), nn.GELU())

        super().__init__(width, map(block, range(blocks)), scale)

"""RDEN, team CMVG's network: RLFN with GELU and without the pointwise layer of a block.

NTIRE 2024 Table 1, row CMVG (Amazingren/NTIRE2024_ESR, models/team26_RDEN.py). Data range 0..1. Peculiar: no biases but
ESA's; released folded, from branches that the repository does not have. LR sides of at least 15 (ESA).
"""

from functools import partial

from torch import nn

from resolute.models import register_model
from resolute.models.blocks.convolution import conv3
from resolute.models.blocks.local_features import RLFB, slim_esa
from resolute.models.blocks.post_upsampling import PixelShuffleTail, PostUpsampling

conv = partial(conv3, bias=False)


@register_model
class RDEN(PostUpsampling):
    """Residual local feature blocks of three convolutions and ESA."""

    def __init__(self, scale: float = 4, width: int = 37, blocks: int = 4, esa_width: int = 16) -> None:
        def block() -> RLFB:
            layers = (conv(width, width) for _ in range(3))
            return RLFB(layers, nn.Identity(), slim_esa(width, esa_width), nn.GELU())

        super().__init__(
            width,
            (block() for _ in range(blocks)),
            scale,
            head=conv(3, width),
            trunk=conv(width, width),
            tail=PixelShuffleTail(width, scale, conv(width, 3 * int(scale) ** 2)),
        )

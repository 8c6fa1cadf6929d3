"""ERRN, the enhanced re-parameterised residual network of team Just Try.

NTIRE 2024 Table 1, row Just Try (Amazingren/NTIRE2024_ESR, models/team46_ERRN.py). Data range 0..1. Peculiar: a block's
attention is one sigmoid mask for all channels, after its skip. Released folded, from branches that the repository does
not have. Any input size works.
"""

from torch import nn

from resolute.models import register_model
from resolute.models.blocks.attention import PixelAttention
from resolute.models.blocks.convolution import leaky_relu
from resolute.models.blocks.post_upsampling import PostUpsampling
from resolute.models.blocks.residual import Residual
from resolute.models.blocks.span import activated_chain


@register_model
class ERRN(PostUpsampling):
    """Residual blocks of four 3x3 convolutions, each under a spatial mask."""

    def __init__(self, scale: float = 4, width: int = 40, blocks: int = 6) -> None:
        def block() -> nn.Sequential:
            layers = activated_chain(width, width, 4, lambda: leaky_relu(0.1))
            return nn.Sequential(Residual(*layers), PixelAttention(width, maps=1))

        super().__init__(width, (block() for _ in range(blocks)), scale)

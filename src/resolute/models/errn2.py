"""ERRN2, enhanced re-parameterised residual network 2: SPAN's gate on four convolutions with leaky ReLU.

NTIRE 2026 efficient SR challenge, team 20 (Amazingren/NTIRE2026_ESR, models/team20_ERRN2.py). Data range 0..1.
Peculiar: the gates multiply what is far from photographs to hundreds of times the range. Any input size works. The form
that it was trained in is not known.
"""

from functools import partial

from resolute.models import register_model
from resolute.models.blocks.convolution import leaky_relu
from resolute.models.blocks.post_upsampling import PostUpsampling
from resolute.models.blocks.span import SPAB


@register_model
class ERRN2(PostUpsampling):
    """A chain of gated blocks with a 3x3 trunk."""

    def __init__(
        self, scale: float = 4, width: int = 32, blocks: int = 6, convolutions: int = 4, slope: float = 0.1
    ) -> None:
        chain = (SPAB(width, convolutions, partial(leaky_relu, slope)) for _ in range(blocks))
        super().__init__(width, chain, scale)

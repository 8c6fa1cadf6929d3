"""R2Net, team Cao Group's network, second overall in NTIRE 2024, and EERN, team Lasagna's: RLFN without its skips.

NTIRE 2024 Table 1 (Amazingren/NTIRE2024_ESR, models/team29_R2Net.py, models/team25_EERN.py). Data range 0..1; EERN's is
0..255. Peculiar: a block is two convolutions, of which the first is activated, and ESA without its shortcut layer; only
the trunk has a skip. LR sides of at least 15 (ESA).
"""

from functools import partial

from torch import nn

from resolute.models import register_model
from resolute.models.blocks.convolution import conv, conv3, leaky_relu
from resolute.models.blocks.local_features import slim_esa
from resolute.models.blocks.post_upsampling import PixelShuffleTail, PostUpsampling


@register_model
class R2Net(PostUpsampling):
    """Blocks of two 3x3 convolutions and ESA, in a chain.

    Args:
        scale: the enlargement, an integer.
        width: channels of all convolutions.
        blocks: how many blocks.
        esa_width: channels inside ESA.
        slope: of the activation below zero.
        trunk_kernel: side of the trunk's kernel.
        bias: of all convolutions.
    """

    def __init__(
        self,
        scale: float = 4,
        width: int = 48,
        blocks: int = 4,
        esa_width: int = 16,
        slope: float = 0.05,
        trunk_kernel: int = 1,
        bias: bool = False,
    ) -> None:
        make = partial(conv3, bias=bias)

        def block() -> nn.Sequential:
            attention = slim_esa(width, esa_width, shortcut=False, bias=bias)
            return nn.Sequential(make(width, width), leaky_relu(slope), make(width, width), attention)

        super().__init__(
            width,
            (block() for _ in range(blocks)),
            scale,
            head=make(3, width),
            trunk=conv(width, width, trunk_kernel, bias=bias),
            tail=PixelShuffleTail(width, scale, make(width, 3 * int(scale) ** 2)),
        )

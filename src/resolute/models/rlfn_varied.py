"""RLFN as teams Lanzhi, HiSR and hajnal vary it: batch norm, no shortcut in ESA, no biases.

NTIRE 2024 Table 1 (Amazingren/NTIRE2024_ESR, models/team13_RLFN_B.py, team21_SlimRLFN.py and team45_VRTDIP.py).
The base: Kong et al., "Residual Local Feature Network for Efficient Super-Resolution", CVPR Workshops 2022. Data range
0..255, DIPNet's 0..1. LR sides of at least 15 (ESA).
"""

from functools import partial

from torch import nn

from resolute.models import register_model
from resolute.models.blocks.convolution import conv1, conv3
from resolute.models.blocks.local_features import RLFB, slim_esa
from resolute.models.blocks.post_upsampling import PixelShuffleTail, PostUpsampling


@register_model
class VariedRLFN(PostUpsampling):
    """A chain of residual local feature blocks at LR size.

    Args:
        scale: the enlargement, an integer.
        width: channels between the blocks.
        inner_width: channels inside them.
        blocks: how many blocks.
        esa_width: channels inside ESA.
        esa_shortcut: whether ESA has its pointwise shortcut layer.
        bias: of the convolutions outside ESA.
        first_norm: batch norm after the first convolution of every block.
    """

    def __init__(
        self,
        scale: float = 4,
        width: int = 46,
        inner_width: int = 48,
        blocks: int = 4,
        esa_width: int = 16,
        esa_shortcut: bool = True,
        bias: bool = True,
        first_norm: bool = False,
    ) -> None:
        conv = partial(conv3, bias=bias)

        def block() -> RLFB:
            first: nn.Module = conv(width, inner_width)
            if first_norm:
                first = nn.Sequential(first, nn.BatchNorm2d(inner_width))
            layers = (first, conv(inner_width, inner_width), conv(inner_width, width))
            return RLFB(layers, conv1(width, width, bias=bias), slim_esa(width, esa_width, esa_shortcut))

        super().__init__(
            width,
            (block() for _ in range(blocks)),
            scale,
            head=conv(3, width),
            trunk=conv(width, width),
            tail=PixelShuffleTail(width, scale, conv(width, 3 * int(scale) ** 2)),
        )

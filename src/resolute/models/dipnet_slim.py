"""DIPNet_slim_v2 and IESRNet, relatives of RLFN with SiLU and almost no biases.

NTIRE 2025 Efficient SR challenge (arXiv 2504.10686), ids 15 and 21; Amazingren/NTIRE2025_ESR,
models/team15_DIPNet_slim_v2.py (the default) and models/team21_IESRNet.py. Data range 0..1. Peculiar: only ESA has
biases, and no ReLU. LR sides of at least 15 (ESA).
"""

from collections.abc import Sequence

from torch import nn

from resolute.models import register_model
from resolute.models.blocks.attention import ESA
from resolute.models.blocks.convolution import conv, conv1, conv3
from resolute.models.blocks.post_upsampling import PixelShuffleTail, PostUpsampling
from resolute.models.blocks.residual import Residual

WITH_SKIP = 3
"""Activated convolutions of a whole block; one that is pruned to fewer has lost its skip too."""


@register_model
class DIPNetSlim(PostUpsampling):
    """A chain of activated 3x3 convolutions, each few of them followed by a 1x1 convolution and ESA.

    Args:
        scale: the enlargement.
        width: channels between head and tail.
        convolutions: how many 3x3 ones each block has; one of three has a skip over them.
        esa_width: channels inside ESA.
        shortcut: whether ESA has a pointwise layer on its reduced features.
        trunk_kernel: side of the kernel before the features of the head are added.
    """

    def __init__(
        self,
        scale: float = 4,
        width: int = 32,
        convolutions: Sequence[int] = (3, 3, 3, 3),
        esa_width: int = 16,
        shortcut: bool = True,
        trunk_kernel: int = 1,
    ) -> None:
        def block(depth: int) -> nn.Sequential:
            layers = [layer for _ in range(depth) for layer in (conv3(width, width, bias=False), nn.SiLU())]
            chain = Residual(*layers) if depth >= WITH_SKIP else nn.Sequential(*layers)
            attention = ESA(width, esa_width, refine=conv3(esa_width, esa_width), shortcut=shortcut)
            return nn.Sequential(chain, conv1(width, width, bias=False), attention)

        super().__init__(
            width,
            map(block, convolutions),
            scale,
            head=conv3(3, width, bias=False),
            trunk=conv(width, width, trunk_kernel, bias=False),
            tail=PixelShuffleTail(width, scale, conv3(width, 3 * int(scale) ** 2, bias=False)),
        )

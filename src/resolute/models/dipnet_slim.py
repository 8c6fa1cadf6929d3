"""DIPNet_slim_v2 and IESRNet, relatives of RLFN with SiLU and almost no biases.

NTIRE 2025 Efficient SR challenge (arXiv 2504.10686), ids 15 and 21; Amazingren/NTIRE2025_ESR,
models/team15_DIPNet_slim_v2.py (the default) and models/team21_IESRNet.py. Data range 0..1. Peculiar: only ESA has
biases, and no ReLU. LR sides of at least 15 (ESA).
"""

from collections.abc import Sequence
from functools import partial

from torch import nn

from resolute.models import register_model
from resolute.models.blocks.attention import ESA
from resolute.models.blocks.convolution import ConvFactory, conv, conv1, conv3
from resolute.models.blocks.post_upsampling import PixelShuffleTail, PostUpsampling
from resolute.models.blocks.residual import Residual
from resolute.models.blocks.span_training import span_convolution, span_convolution_without_bias

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
        expanded: the form that is trained, with SPAN's branches in the place of the 3x3 convolutions.
    """

    def __init__(
        self,
        scale: float = 4,
        width: int = 32,
        convolutions: Sequence[int] = (3, 3, 3, 3),
        esa_width: int = 16,
        shortcut: bool = True,
        trunk_kernel: int = 1,
        expanded: bool = False,
    ) -> None:
        make: ConvFactory = span_convolution_without_bias if expanded else partial(conv3, bias=False)
        refine = span_convolution("span" if expanded else "plain")

        def block(depth: int) -> nn.Sequential:
            layers = [layer for _ in range(depth) for layer in (make(width, width), nn.SiLU())]
            chain = Residual(*layers) if depth >= WITH_SKIP else nn.Sequential(*layers)
            attention = ESA(width, esa_width, refine=refine(esa_width, esa_width), shortcut=shortcut)
            return nn.Sequential(chain, conv1(width, width, bias=False), attention)

        super().__init__(
            width,
            map(block, convolutions),
            scale,
            head=make(3, width),
            trunk=conv(width, width, trunk_kernel, bias=False),
            tail=PixelShuffleTail(width, scale, make(width, 3 * int(scale) ** 2)),
        )

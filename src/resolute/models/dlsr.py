"""DLSR-style network of team Express, an RFDN whose refining convolutions were searched.

NTIRE 2022 challenge report, section 4.28 and Table 1, row Express; built from the report, without released code. The
separable convolution is that of the search (Liu et al., DARTS, ICLR 2019: ReLU, depthwise, pointwise, twice, without
biases): at 50 channels it has the 5.9, 7.5 and 9.9 thousand parameters that the report gives. Of all widths and
kernels that are the same in every block, one set alone meets the four figures of Table 1: six blocks of 48 channels
with a 7x7, a 5x5 and a 3x3 separable convolution. Their order is that of the cell which Huang et al. released with
"Lightweight Image Super-Resolution with Hierarchical and Differentiable Neural Architecture Search", 2021
(DawnHH/DLSR-PyTorch). LR sides of at least 15 (ESA).
"""

from collections.abc import Sequence

from torch import nn

from resolute.models import register_model
from resolute.models.blocks.attention import ESA
from resolute.models.blocks.convolution import conv1, depthwise
from resolute.models.blocks.distillation import RFDB
from resolute.models.blocks.post_upsampling import PostUpsampling, fusion


def separable(width: int, kernel: int) -> nn.Sequential:
    """Twice a ReLU, a depthwise convolution and a pointwise one."""
    layers: list[nn.Module] = []
    for _ in range(2):
        layers += [nn.ReLU(), depthwise(width, kernel, bias=False), conv1(width, width, bias=False)]
    return nn.Sequential(*layers)


@register_model
class DLSR(PostUpsampling):
    """Distillation blocks that refine by separable convolutions of the given kernels, fused before the trunk."""

    def __init__(
        self,
        scale: float = 4,
        width: int = 48,
        kept: int = 24,
        blocks: int = 6,
        esa_width: int = 12,
        kernels: Sequence[int] = (7, 5, 3),
    ) -> None:
        def block() -> RFDB:
            return RFDB(width, kept, ESA(width, esa_width), [separable(width, kernel) for kernel in kernels])

        super().__init__(width, (block() for _ in range(blocks)), scale, fuse=fusion(blocks, width))

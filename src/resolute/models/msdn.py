"""MSDN, "Multi-scale Information Distillation Network for Efficient Super-resolution".

NTIRE 2022 challenge report, section 4.10 and Table 1, row VMCL_Taobao. Data range 0..1, but the layers work on
0..255: the network multiplies and divides by 255 itself. Peculiar: refining layers that stand for several scales (two
groups on twice the channels, plain, dilated); ESA with a large decomposed kernel on a pooled map, whose pooling gets
finer from block to block. LR sides of at least 9 (the first pooling).
"""

from collections.abc import Sequence
from functools import partial

from torch import Tensor, nn

from resolute.models import register_model
from resolute.models.blocks.attention import ESA
from resolute.models.blocks.convolution import conv1, conv3, depthwise
from resolute.models.blocks.distillation import RFDB
from resolute.models.blocks.post_upsampling import PostUpsampling, fusion


def large_kernel_esa(channels: int, width: int, pooling: int) -> ESA:
    """ESA with max pooling by `pooling` and a large-kernel attention (Guo et al., VAN, 2022) on the pooled map."""
    return ESA(
        channels,
        width,
        shrink=nn.Sequential(nn.MaxPool2d(2 * pooling + 1, pooling), nn.GELU()),
        refine=nn.Sequential(depthwise(width, 7, dilation=3), depthwise(width, 5), conv1(width, width)),
        shortcut=False,
    )


@register_model
class MSDN(PostUpsampling):
    """Two-step distillation blocks, one per pooling factor, fused before the trunk convolution."""

    def __init__(
        self,
        scale: float = 4,
        width: int = 56,
        kept: int = 28,
        esa_width: int = 7,
        poolings: Sequence[int] = (4, 3, 2),
    ) -> None:
        def block(pooling: int) -> RFDB:
            wide = nn.Sequential(conv1(width, 2 * width), nn.SiLU(), conv3(2 * width, width, groups=2))
            return RFDB(
                width,
                kept,
                large_kernel_esa(width, esa_width, pooling),
                refine=[wide, conv3(width, width)],
                residual=False,
                last=partial(conv3, dilation=2),
                activation=nn.SiLU(),
            )

        super().__init__(
            width, (block(pooling) for pooling in poolings), scale, fuse=fusion(len(poolings), width, nn.SiLU())
        )

    def forward(self, lr: Tensor) -> Tensor:
        return super().forward(lr * 255) / 255

"""BSRN, "Blueprint Separable Residual Network for Efficient Image Super-Resolution".

Paper: Li et al., CVPR Workshops 2022; the small form, BSRN-S, is the entry of NTIRE 2022 Table 1, row XPixel (report,
section 4.4), and the default. Data range 0..1. Peculiar: 3x3 convolutions are blueprint separable, GELU everywhere;
the input is repeated four times over the channels. LR sides of at least 15 (ESA).
"""

from functools import partial

import torch
from torch import Tensor, nn

from resolute.models import register_model
from resolute.models.blocks.attention import ESA, ContrastAttention, esa_refinement
from resolute.models.blocks.convolution import ConvFactory, conv1
from resolute.models.blocks.distillation import RFDB
from resolute.models.blocks.pointwise import BSConv, PointwiseLinear
from resolute.models.blocks.post_upsampling import PostUpsampling

COPIES = 4
REDUCTION = 16


class LearnedWeighting(nn.Module):
    """The small form's channel weighting: a learned factor per channel, whatever the image, and a pointwise layer."""

    def __init__(self, width: int) -> None:
        super().__init__()
        # The paper's own start: around one.
        self.factor = nn.Parameter(1 + 0.2 * torch.randn(1, width))
        self.project = PointwiseLinear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        return self.project(x * self.factor[..., None, None])


class ESDB(RFDB):
    """Efficient separable distillation block: RFDB of separable layers, a weighting of the channels, a skip."""

    def __init__(
        self,
        width: int,
        kept: int,
        attention: ESA,
        weighting: nn.Module,
        pointwise: ConvFactory,
        separable: ConvFactory,
    ) -> None:
        super().__init__(
            width,
            kept,
            attention,
            refine=[separable(width, width) for _ in range(3)],
            distil=pointwise,
            last=separable,
            fuse=pointwise,
            activation=nn.GELU(),
        )
        self.weighting = weighting

    def forward(self, x: Tensor) -> Tensor:
        return x + self.weighting(super().forward(x))


@register_model
class BSRN(PostUpsampling):
    """Separable distillation blocks whose outputs are all fused before the trunk.

    Args:
        scale: the enlargement.
        width: channels between the blocks.
        kept: channels of every distillate.
        blocks: how many blocks.
        esa_width: channels inside ESA.
        small: BSRN-S, whose pointwise layers are linear layers and whose channels have learned factors. The full form
            has convolutions, bias-free ones in the separable layers, of which ESA has one more, and channel attention.
    """

    def __init__(
        self,
        scale: float = 4,
        width: int = 48,
        kept: int = 24,
        blocks: int = 5,
        esa_width: int = 12,
        small: bool = True,
    ) -> None:
        pointwise: ConvFactory = PointwiseLinear if small else conv1
        separable: ConvFactory = BSConv if small else partial(BSConv, pointwise=partial(conv1, bias=False))

        def block() -> ESDB:
            refinement = esa_refinement(esa_width, conv=separable, activation=nn.GELU)
            shrink = None if small else _separable_shrinking(esa_width)
            attention = ESA(width, esa_width, shrink, refinement, pointwise)
            weighting = LearnedWeighting(width) if small else ContrastAttention(width, width // REDUCTION)
            return ESDB(width, kept, attention, weighting, pointwise, separable)

        super().__init__(
            width,
            (block() for _ in range(blocks)),
            scale,
            head=separable(3 * COPIES, width),
            fuse=nn.Sequential(pointwise(blocks * width, width), nn.GELU()),
            trunk=separable(width, width),
        )

    def forward(self, lr: Tensor) -> Tensor:
        return super().forward(lr.repeat(1, COPIES, 1, 1))


def _separable_shrinking(width: int) -> nn.Sequential:
    strided = nn.Conv2d(width, width, 3, stride=2, groups=width)
    return nn.Sequential(conv1(width, width, bias=False), strided, nn.MaxPool2d(7, stride=3))

"""m_RFDN, "Modified Residual Feature Distillation Network".

NTIRE 2022 Table 1, row Multicog; the challenge report has no section on it. Data range 0..1. Peculiar: separable
convolutions with batch norm in place of RFDN's, depthwise ones of several sizes side by side; enlarged in two nearest
steps with pixel attention instead of pixel shuffle, x4 only. LR sides of at least 15 (ESA).
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from resolute.models import register_model
from resolute.models.blocks.attention import ESA, PixelAttention
from resolute.models.blocks.convolution import conv1, conv3, depthwise, leaky_relu
from resolute.models.blocks.distillation import RFDB
from resolute.models.blocks.post_upsampling import PostUpsampling, fusion


class MixedSeparable(nn.Module):
    """Depthwise convolutions of several kernel sizes side by side, batch norm, a 1x1 convolution, batch norm."""

    def __init__(self, inputs: int, outputs: int, kernels: Sequence[int] = (1, 3, 5)) -> None:
        super().__init__()
        self.depthwise = nn.ModuleList(depthwise(inputs, kernel) for kernel in kernels)
        self.norm1 = nn.BatchNorm2d(len(kernels) * inputs)
        self.pointwise = conv1(len(kernels) * inputs, outputs)
        self.norm2 = nn.BatchNorm2d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        mixed = torch.cat([convolution(x) for convolution in self.depthwise], dim=1)
        return self.norm2(self.pointwise(self.norm1(mixed)))


class Doubling(nn.Sequential):
    """Twice the size: nearest pixel, 3x3 convolution, pixel attention, and a 3x3 convolution to another width."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.add_module("enlarge", nn.Upsample(scale_factor=2, mode="nearest"))
        self.add_module("conv", conv3(inputs, inputs))
        self.add_module("attention", PixelAttention(inputs))
        self.add_module("activation", leaky_relu(0.2))
        self.add_module("reduce", conv3(inputs, outputs))
        self.add_module("activation2", leaky_relu(0.2))


@register_model
class MRFDN(PostUpsampling):
    """Distillation blocks of separable convolutions, fused before the trunk convolution, enlarged twice by 2."""

    def __init__(
        self,
        scale: float = 4,
        width: int = 52,
        kept: int = 26,
        blocks: int = 4,
        esa_width: int = 13,
        tail_width: int = 24,
    ) -> None:
        def block() -> RFDB:
            return RFDB(
                width,
                kept,
                ESA(width, esa_width),
                refine=[MixedSeparable(width, width) for _ in range(3)],
                distil=lambda inputs, outputs: MixedSeparable(inputs, outputs, kernels=(1,)),
                last=MixedSeparable,
            )

        tail = nn.Sequential(Doubling(width, tail_width), Doubling(tail_width, tail_width), conv3(tail_width, 3))
        chain = (block() for _ in range(blocks))
        super().__init__(width, chain, scale, fuse=fusion(blocks, width), tail=tail)

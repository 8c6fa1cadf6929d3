"""RFESR, "Residual Feature Extraction Super-Resolution".

NTIRE 2022 challenge report, section 4.20 and Table 1, row imglhl. Data range 0..255. Peculiar: learned weights of
features and skip in every unit and block; one 1x1 convolution fuses the four units of a block, from the deepest back
to the first; ESA refines its coarse map by two parallel convolutions, one of them dilated, and gates by a hard sigmoid.
Convolutions inside the blocks are trained with weight normalisation. LR sides of at least 15 (ESA).
"""

import torch
from torch import Tensor, nn

from resolute.models import register_model
from resolute.models.blocks.attention import ESA
from resolute.models.blocks.convolution import conv3, leaky_relu
from resolute.models.blocks.interleave import InterleavedFusion
from resolute.models.blocks.post_upsampling import PostUpsampling
from resolute.models.blocks.reparameterised import weight_normalised
from resolute.models.blocks.residual import Residual


class WeightedSum(nn.Module):
    """Features and skip, each times a learned number."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Parameter(torch.ones(1))
        self.skip = nn.Parameter(torch.ones(1))

    def forward(self, features: Tensor, skip: Tensor) -> Tensor:
        return self.features * features + self.skip * skip


class TwoViews(nn.Module):
    """The sum of two activated 3x3 convolutions of the same map, the second one dilated."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.near = conv3(width, width)
        self.far = conv3(width, width, dilation=2)
        self.activation = leaky_relu()

    def forward(self, x: Tensor) -> Tensor:
        return self.activation(self.near(x)) + self.activation(self.far(x))


class AttentiveUnit(nn.Module):
    """Two 3x3 convolutions, ESA, and the weighted skip."""

    def __init__(self, width: int, esa_width: int, weight_norm: bool) -> None:
        super().__init__()
        self.convolutions = nn.Sequential(conv3(width, width), leaky_relu(0.01), conv3(width, width))
        if weight_norm:
            weight_normalised(self.convolutions)
        self.attention = ESA(width, esa_width, refine=TwoViews(esa_width), shortcut=False, gate=nn.Hardsigmoid())
        self.sum = WeightedSum()

    def forward(self, x: Tensor) -> Tensor:
        return self.sum(self.attention(self.convolutions(x)), x)


class BackwardFusionBlock(nn.Module):
    """Four units, the two in the middle with one more skip, fused backwards by one shared layer."""

    def __init__(self, width: int, esa_width: int, weight_norm: bool) -> None:
        super().__init__()
        first, second, third, last = (AttentiveUnit(width, esa_width, weight_norm) for _ in range(4))
        self.units = nn.Sequential(first, Residual(second), Residual(third), last)
        self.fuse = InterleavedFusion(width)
        if weight_norm:
            weight_normalised(self.fuse)
        self.sum = WeightedSum()

    def forward(self, x: Tensor) -> Tensor:
        outputs, fused = [], x
        for unit in self.units:
            outputs.append(fused)
            fused = unit(fused)
        for output in reversed(outputs[1:]):
            fused = self.fuse(fused, output)
        return self.sum(fused, x)


@register_model
class RFESR(PostUpsampling):
    """A chain of backward fusion blocks at LR size; `weight_norm` is the form that is trained."""

    def __init__(
        self, scale: float = 4, width: int = 32, blocks: int = 4, esa_width: int = 8, weight_norm: bool = False
    ) -> None:
        chain = (BackwardFusionBlock(width, esa_width, weight_norm) for _ in range(blocks))
        super().__init__(width, chain, scale)

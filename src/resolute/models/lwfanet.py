"""LWFANet, "Light Weight Feature Aggregation for Image Super-Resolution".

NTIRE 2022 challenge report, section 4.29 and Table 1, row Just Try. Data range 0..1. Peculiar: four branches of
growing depth, three attentions whose results add up, no plain skip in the blocks; channel attention pools the whole
map, so tiles change the result; enlarged in two nearest steps, x4 only. Any input size works.
"""

import torch
from torch import Tensor, nn

from resolute.models import register_model
from resolute.models.blocks.attention import ChannelMask, PixelAttention
from resolute.models.blocks.convolution import conv1, conv3, leaky_relu
from resolute.models.blocks.post_upsampling import PostUpsampling

SLOPE = 0.2


def activated(layer: nn.Module) -> tuple[nn.Module, nn.Module]:
    """A layer and the activation behind it."""
    return layer, leaky_relu(SLOPE)


class AggregationBlock(nn.Module):
    """Branches of 1, 2, ... 3x3 convolutions, weighted per channel and per pixel, plus the input weighted per pixel."""

    def __init__(self, width: int, branches: int, hidden: int) -> None:
        super().__init__()
        share = width // branches
        self.branches = nn.ModuleList()
        for depth in range(1, branches + 1):
            layers = [conv1(width, share)] + [conv3(share, share) for _ in range(depth)]
            self.branches.append(nn.Sequential(*(part for layer in layers for part in activated(layer))))
        self.channels = ChannelMask(width, hidden)
        self.pixels = PixelAttention(width, maps=1)
        self.input_pixels = PixelAttention(width, maps=1)

    def forward(self, x: Tensor) -> Tensor:
        y = torch.cat([branch(x) for branch in self.branches], dim=1)
        return y * self.channels(y) + self.pixels(y) + self.input_pixels(x)


@register_model
class LWFANet(PostUpsampling):
    """A chain of aggregation blocks, enlarged twice by 2."""

    def __init__(
        self,
        scale: float = 4,
        width: int = 96,
        blocks: int = 10,
        branches: int = 4,
        hidden: int = 6,
        tail_width: int = 64,
    ) -> None:
        tail = nn.Sequential(
            conv1(width, tail_width),
            nn.Upsample(scale_factor=2, mode="nearest"),
            *activated(conv3(tail_width, tail_width)),
            nn.Upsample(scale_factor=2, mode="nearest"),
            *activated(conv3(tail_width, tail_width)),
            *activated(conv3(tail_width, tail_width)),
            conv3(tail_width, 3),
        )
        super().__init__(width, (AggregationBlock(width, branches, hidden) for _ in range(blocks)), scale, tail=tail)

"""EMaxGMan, team Minimalist's network: grouped convolutions of several group sizes, side by side and in a row.

NTIRE 2024 Table 1, row Minimalist (Amazingren/NTIRE2024_ESR, models/team15_EMaxGMan.py). Data range 0..1. Peculiar: a
block gives the mean of its input and two attentions of its features. One of them weighs channels by their means, so
that every pixel depends on the whole image. LR sides of at least 15 (ESA).
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from resolute.models import register_model
from resolute.models.blocks.convolution import conv1, conv3, leaky_relu
from resolute.models.blocks.local_features import slim_esa
from resolute.models.blocks.normalisation import ChannelNorm
from resolute.models.blocks.post_upsampling import PostUpsampling
from resolute.models.blocks.residual import Residual


class SqueezeExcitation(nn.Module):
    """Weighs channels by their means over the map (Hu et al., CVPR 2018): N x channels x H x W to the same shape."""

    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.layers = nn.Sequential(
            nn.Linear(channels, hidden, bias=False), nn.ReLU(), nn.Linear(hidden, channels, bias=False), nn.Sigmoid()
        )

    def forward(self, x: Tensor) -> Tensor:
        return x * self.layers(self.pool(x).flatten(1))[..., None, None]


class Mixture(nn.Module):
    """Grouped convolutions in a row, each activated; two attentions of what they give, and the input, are averaged."""

    def __init__(self, width: int, groups: Sequence[int], esa_width: int, hidden: int) -> None:
        super().__init__()
        convolutions = [*(conv3(width, width, groups=count) for count in groups), conv1(width, width)]
        self.layers = nn.Sequential(*_activated(convolutions))
        self.channels = SqueezeExcitation(width, hidden)
        self.pixels = slim_esa(width, esa_width)
        self.last = conv1(width, width)

    def forward(self, x: Tensor) -> Tensor:
        y = self.layers(x)
        return self.last((x + self.channels(y) + self.pixels(y)) / 3)


@register_model
class EMaxGMan(PostUpsampling):
    """Heads side by side, each of another number of groups, mixed and normed; then blocks in a chain.

    Args:
        scale: the enlargement, an integer.
        width: channels of all convolutions.
        blocks: how many blocks.
        head_groups: of both convolutions of each head.
        groups: of the convolutions of a block.
        esa_width: channels inside ESA.
        hidden: channels inside the channel attention.
    """

    def __init__(
        self,
        scale: float = 4,
        width: int = 64,
        blocks: int = 3,
        head_groups: Sequence[int] = (2, 4, 8, 16),
        groups: Sequence[int] = (2, 4, 8),
        esa_width: int = 16,
        hidden: int = 4,
    ) -> None:
        super().__init__(width, (Mixture(width, groups, esa_width, hidden) for _ in range(blocks)), scale)

        def head(count: int) -> nn.Sequential:
            grouped = _activated([conv3(width, width, groups=count) for _ in range(2)])
            return nn.Sequential(Residual(*grouped, conv1(width, width)), leaky_relu(), slim_esa(width, esa_width))

        self.heads = nn.ModuleList(map(head, head_groups))
        self.mix = conv1((1 + len(head_groups)) * width, width)
        self.norm = ChannelNorm(width)

    def deep_features(self, shallow: Tensor) -> Tensor:
        mixed = self.mix(torch.cat([shallow, *(head(shallow) for head in self.heads)], dim=1))
        return self.body(self.norm(mixed + shallow))


def _activated(convolutions: Sequence[nn.Module]) -> list[nn.Module]:
    return [layer for convolution in convolutions for layer in (convolution, leaky_relu())]

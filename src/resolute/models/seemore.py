"""SeemoRe: low-rank experts for local detail, a striped convolution for context.

Paper: Zamfir et al., "See More Details: Efficient Image Super-Resolution by Experts Mining", ICML 2024, arXiv
2402.03412. Table 1, row SeemoRe-T; Table 2, rows SeemoRe-B and -L. Data range 0..1. Peculiar: every residual group
sends each image as a whole to one of three experts, so an image must not be cut into tiles; a GELU stands after the
last layer of the feed-forward network too; LayerNorm has an epsilon of 1e-6. LR sides of at least 4 ** pyramid.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from resolute.models import register_model
from resolute.models.blocks.convolution import conv, conv1, conv3, depthwise
from resolute.models.blocks.experts import TopOneExperts
from resolute.models.blocks.normalisation import DIV2K_MEAN, ChannelNorm
from resolute.models.blocks.post_upsampling import PostUpsampling
from resolute.models.blocks.residual import Residual

EPSILON = 1e-6


def striped(channels: int, kernel: int) -> nn.Sequential:
    """A depthwise convolution along the rows, then one along the columns."""
    rows = conv(channels, channels, (1, kernel), groups=channels)
    return nn.Sequential(rows, conv(channels, channels, (kernel, 1), groups=channels))


class LowRankExpert(nn.Module):
    """Both inputs (N x channels x H x W) squeezed to `rank` channels, multiplied, and expanded again."""

    def __init__(self, channels: int, rank: int) -> None:
        super().__init__()
        self.squeeze_a = conv1(channels, rank)
        self.squeeze_b = conv1(channels, rank)
        self.expand = conv1(rank, channels)

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        return self.expand(self.squeeze_a(a) * self.squeeze_b(b))


class ContextPyramid(nn.Module):
    """Adds to a map what it looks like from afar: shrunk by four again and again with one set of weights, enlarged."""

    def __init__(self, channels: int, steps: int) -> None:
        super().__init__()
        self.steps = steps
        self.shrink = nn.Conv2d(channels, channels, 4, stride=4, groups=channels)
        self.mix = nn.Sequential(depthwise(channels), conv1(channels, channels))

    def forward(self, x: Tensor) -> Tensor:
        y = x
        for _ in range(self.steps):
            y = functional.gelu(self.shrink(y))
        return x + functional.interpolate(self.mix(y), x.shape[2:], mode="bilinear", align_corners=False)


class MoRE(nn.Module):
    """Mixture of low-rank experts: local features and context, joined by the expert that the image needs."""

    def __init__(self, channels: int, ranks: Sequence[int], shuffle: bool, pyramid: int) -> None:
        super().__init__()
        self.embed = nn.Sequential(conv3(channels, channels), nn.GELU(), conv1(channels, 2 * channels))
        self.shuffle = nn.ChannelShuffle(2) if shuffle else nn.Identity()
        self.local = nn.Sequential(striped(channels, 3), nn.GELU())
        self.context = ContextPyramid(channels, pyramid)
        self.mixture = TopOneExperts(channels, (LowRankExpert(channels, rank) for rank in ranks))
        self.project = conv1(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        a, b = self.shuffle(self.embed(x)).chunk(2, dim=1)
        return self.project(self.mixture(self.local(a), self.context(b)))


class SEE(nn.Module):
    """Spatial enhancement expert: a large striped convolution gates the features."""

    def __init__(self, channels: int, kernel: int) -> None:
        super().__init__()
        self.embed = nn.Sequential(conv1(channels, 2 * channels), nn.GELU())
        self.attention = striped(channels, kernel)
        self.project = conv1(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        query, value = self.embed(x).chunk(2, dim=1)
        return self.project(self.attention(query) * value)


class GatedFFN(nn.Module):
    """A feed-forward network of twice the channels, one half of which gates the other after a depthwise convolution."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.embed = nn.Sequential(conv1(channels, 2 * channels), nn.GELU())
        self.gate = depthwise(channels)
        self.project = nn.Sequential(conv1(channels, channels), nn.GELU())

    def forward(self, x: Tensor) -> Tensor:
        value, gate = self.embed(x).chunk(2, dim=1)
        return self.project(value * self.gate(gate))


def residual(channels: int, block: nn.Module) -> Residual:
    """A block of the normed input, added to the input."""
    return Residual(ChannelNorm(channels, EPSILON), block)


@register_model
class SeemoRe(PostUpsampling):
    """Residual groups of rank modelling (MoRE) and spatial modelling (SEE).

    Args:
        scale: the enlargement, an integer.
        width: channels between head and tail.
        groups: residual groups.
        ranks: of the experts of every group, in ascending order.
        shuffle: interleave local and context channels before they part.
        pyramid: how often the context is shrunk by four.
        kernel: length of the stripes of SEE.
    """

    def __init__(
        self,
        scale: float = 4,
        width: int = 36,
        groups: int = 6,
        ranks: Sequence[int] = (2, 4, 8),
        shuffle: bool = True,
        pyramid: int = 2,
        kernel: int = 11,
    ) -> None:
        body = (
            nn.Sequential(
                residual(width, MoRE(width, ranks, shuffle, pyramid)),
                residual(width, GatedFFN(width)),
                residual(width, SEE(width, kernel)),
                residual(width, GatedFFN(width)),
            )
            for _ in range(groups)
        )
        trunk = nn.Sequential(ChannelNorm(width, EPSILON), conv3(width, width))
        super().__init__(width, body, scale, trunk=trunk)
        self.mean: Tensor
        self.register_buffer("mean", torch.tensor(DIV2K_MEAN)[:, None, None], persistent=False)

    def forward(self, lr: Tensor) -> Tensor:
        return super().forward(lr - self.mean) + self.mean

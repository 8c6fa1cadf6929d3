"""ShuffleMixer, "ShuffleMixer: An Efficient ConvNet for Image Super-Resolution".

Paper: Sun et al., NeurIPS 2022 (the base form by default). Data range 0..1. Peculiar: depthwise convolutions with
large kernels have no skip, pointwise layers see half of the channels, which are shuffled afterwards; norms without
shifts. Any input size works.
"""

import torch
from torch import Tensor, nn

from resolute.models import register_model
from resolute.models.blocks.convolution import conv1, conv3, depthwise
from resolute.models.blocks.normalisation import ChannelNorm
from resolute.models.blocks.post_upsampling import enlarge
from resolute.models.blocks.residual import Residual
from resolute.models.blocks.upsampler import upsampler

SHUFFLE_GROUPS = 8
EXTRA = 16  # channels of the 3x3 convolution of a block over those between blocks


class SplitMLP(nn.Module):
    """Two pointwise layers on the first half of the channels, then a channel shuffle."""

    def __init__(self, width: int) -> None:
        super().__init__()
        half = width // 2
        self.layers = nn.Sequential(conv1(half, 2 * half), nn.SiLU(), conv1(2 * half, half))
        self.shuffle = nn.ChannelShuffle(SHUFFLE_GROUPS)

    def forward(self, x: Tensor) -> Tensor:
        mixed, kept = x.chunk(2, dim=1)
        return self.shuffle(torch.cat([self.layers(mixed), kept], dim=1))


@register_model
class ShuffleMixer(nn.Module):
    """A chain of blocks whose tail learns what is added to the bilinearly enlarged input."""

    def __init__(self, scale: float = 4, width: int = 64, kernel: int = 7, blocks: int = 5) -> None:
        super().__init__()
        self.scale = int(scale)
        self.head = conv3(3, width, bias=False)
        self.body = nn.Sequential(*(_block(width, kernel) for _ in range(blocks)))
        self.enlarge = upsampler(width, self.scale, nn.SiLU, conv1)
        self.tail = conv3(width, 3)

    def forward(self, lr: Tensor) -> Tensor:
        return self.tail(self.enlarge(self.body(self.head(lr)))) + enlarge(lr, self.scale)


def _block(width: int, kernel: int) -> nn.Sequential:
    mixers = Residual(_mixer(width, kernel), _mixer(width, kernel))
    return nn.Sequential(mixers, Residual(conv3(width, width + EXTRA), nn.SiLU(), conv1(width + EXTRA, width)))


def _mixer(width: int, kernel: int) -> nn.Sequential:
    mlps = [Residual(ChannelNorm(width, bias=False), SplitMLP(width)) for _ in range(2)]
    return nn.Sequential(mlps[0], depthwise(width, kernel), mlps[1])

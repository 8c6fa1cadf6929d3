"""PRRN, "Progressive Representation Re-Calibration Network for Lightweight Super-Resolution".

NTIRE 2022 challenge report, section 4.24 and Table 1, row GDUT_SR. Data range 0..1. Peculiar: every block's output is
concatenated with the head's and fused before the next block; gates of gates; channel gates pool the whole map, so
tiles change the result. Any input size works, but white noise drives the released weights into chaos.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from resolute.models import register_model
from resolute.models.blocks.attention import PixelAttention
from resolute.models.blocks.convolution import conv1, conv3
from resolute.models.blocks.post_upsampling import PostUpsampling


class ChannelGate(nn.Module):
    """A sigmoid factor per channel, from the means of the whole map by one 1x1 convolution."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = conv1(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.sigmoid(self.conv(functional.adaptive_avg_pool2d(x, 1)))


class Recalibration(nn.Module):
    """The logits of a mask: a convolution, itself masked by what pixel attention and channel gate give."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.pixels = PixelAttention(channels)
        self.channels = ChannelGate(channels)
        self.mix = conv1(channels, channels)
        self.conv = conv3(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        return torch.sigmoid(self.mix(self.pixels(x) + self.channels(x))) * self.conv(x)


class PRRB(nn.Module):
    """Progressive representation re-calibration block: a masked and a plain branch, fused, gated, plus the input."""

    def __init__(self, width: int) -> None:
        super().__init__()
        half = width // 2
        self.masked_split = nn.Sequential(conv1(width, half, bias=False), nn.SiLU())
        self.mask = Recalibration(half)
        self.masked_conv = conv3(half, half)
        self.masked_end = nn.Sequential(conv3(half, half), nn.SiLU())
        self.plain = nn.Sequential(conv1(width, half, bias=False), nn.SiLU(), conv3(half, half), nn.SiLU())
        self.fuse = nn.Sequential(conv1(width, width, bias=False), nn.SiLU(), ChannelGate(width))

    def forward(self, x: Tensor) -> Tensor:
        split = self.masked_split(x)
        masked = self.masked_end(torch.sigmoid(self.mask(split)) * self.masked_conv(split))
        return x + self.fuse(torch.cat([masked, self.plain(x)], dim=1))


@register_model
class PRRN(PostUpsampling):
    """Re-calibration blocks, each followed by a fusion with the head's output."""

    def __init__(self, scale: float = 4, width: int = 40, blocks: int = 16) -> None:
        super().__init__(width, (PRRB(width) for _ in range(blocks)), scale)
        self.merges = nn.ModuleList(conv1(2 * width, width) for _ in range(blocks))

    def deep_features(self, shallow: Tensor) -> Tensor:
        x = shallow
        for block, merge in zip(self.body, self.merges, strict=True):
            x = merge(torch.cat([shallow, block(x)], dim=1))
        return x

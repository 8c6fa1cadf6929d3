"""HFENet: large kernels side by side, and an attention by the entropy of each channel.

NTIRE 2026 efficient SR challenge, team 10 (Amazingren/NTIRE2026_ESR, models/team10_HFENet.py). Data range 0..1.
Peculiar: dilated depthwise kernels that mirror the map at its border; the entropy is that of a normal distribution
with the variance of a channel over the whole image. The released code runs in half precision on a GPU; here, as on a
CPU there, in single precision. LR sides of at least 11 (the widest kernel reaches over 10 pixels).
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from resolute.models import register_model
from resolute.models.blocks.centred import CentredPostUpsampling
from resolute.models.blocks.convolution import conv1, conv3, depthwise
from resolute.models.blocks.reflected import ReflectedDepthwise
from resolute.models.blocks.residual import Residual
from resolute.models.blocks.written_norm import WrittenNorm

# Kernel and dilation of the two depthwise convolutions, one after the other, of each third of the channels.
KERNELS = (((3, 3), (5, 3)), ((3, 1), (7, 3)), ((5, 1), (5, 5)))


class KernelPair(nn.Module):
    """Two kernels in a row, whose outputs are weighed at every pixel and added (N x width x H x W)."""

    def __init__(self, width: int, kernels: tuple[tuple[int, int], tuple[int, int]]) -> None:
        super().__init__()
        self.near, self.far = (ReflectedDepthwise(width, *kernel) for kernel in kernels)
        self.weigh = conv1(2 * width, 2)

    def forward(self, x: Tensor) -> Tensor:
        near = self.near(x)
        far = self.far(near)
        near_weight, far_weight = torch.sigmoid(self.weigh(torch.cat([near, far], dim=1))).chunk(2, dim=1)
        return near_weight * near + far_weight * far


class LargeKernelAttention(nn.Module):
    """A mask of large receptive field, made of three thirds of the channels by kernels of different sizes."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.pairs = nn.ModuleList(KernelPair(width // 3, kernels) for kernels in KERNELS)
        self.fuse = conv1(width, width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        parts = [pair(part) for pair, part in zip(self.pairs, x.chunk(3, dim=1), strict=True)]
        return x * functional.gelu(self.fuse(torch.cat(parts, dim=1)))


class EntropyAttention(nn.Module):
    """Weights channels by the entropies of a few mixtures of them over the whole image."""

    def __init__(self, width: int, mixtures: int) -> None:
        super().__init__()
        self.squeeze = conv1(width, mixtures)
        self.excite = conv1(mixtures, width)

    def forward(self, x: Tensor) -> Tensor:
        variance = torch.var(self.squeeze(x), dim=(2, 3), keepdim=True)
        return x * torch.sigmoid(self.excite(0.5 * torch.log(2 * math.pi * math.e * variance)))


class FilteredGate(nn.Module):
    """A feed-forward network of which one half, filtered, multiplies the other."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.expand = conv1(width, 2 * width)
        self.filter = depthwise(width)
        self.reduce = conv1(width, width)

    def forward(self, x: Tensor) -> Tensor:
        plain, filtered = self.expand(x).chunk(2, dim=1)
        return self.reduce(plain * self.filter(filtered))


def attended(width: int, inner: int, attention: nn.Module) -> nn.Sequential:
    """An attention on `inner` channels, then a feed-forward network, each of the normed input and added to it."""
    mixer = (conv1(width, inner), nn.GELU(), attention, conv1(inner, width))
    return nn.Sequential(Residual(WrittenNorm(width), *mixer), Residual(WrittenNorm(width), FilteredGate(width)))


@register_model
class HFENet(CentredPostUpsampling):
    """Blocks of large kernels and blocks of entropy attention in turns, behind an activated head."""

    def __init__(self, scale: float = 4, width: int = 27, inner: int = 54, blocks: int = 7, mixtures: int = 6) -> None:
        chain = (
            nn.Sequential(
                attended(width, inner, LargeKernelAttention(inner)),
                attended(width, inner, EntropyAttention(inner, mixtures)),
            )
            for _ in range(blocks)
        )
        super().__init__(width, chain, scale, head=nn.Sequential(conv3(3, width), nn.GELU()))

"""VSCINet, variance-guided spatial-channel context interaction network.

NTIRE 2026 efficient SR challenge, team 11 (Amazingren/NTIRE2026_ESR, models/team11_VSCINet.py). Data range 0..1.
Peculiar: depthwise kernels of four shapes side by side; variances of the whole image; windows of 72 that overlap. The
released code takes one image at a time; here each image of a batch is treated as it treats that one. LR sides of at
least 8 (pooling).
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from resolute.models import register_model
from resolute.models.blocks.centred import CentredPostUpsampling
from resolute.models.blocks.context import spatial_channel_context
from resolute.models.blocks.convolution import conv1, conv3
from resolute.models.blocks.post_upsampling import PixelShuffleTail
from resolute.models.blocks.residual import Residual

# Kernels (height, width) of the quarters of the channels, one after the other.
SHAPES = (((3, 3),), ((5, 3),), ((3, 5),), ((3, 3), (3, 3)))


def striped(width: int, kernel: tuple[int, int]) -> nn.Conv2d:
    """A depthwise kernel that keeps the size. Its padding goes by a word, as released: fvcore's counter misses it."""
    return nn.Conv2d(width, width, kernel, padding="same", groups=width, bias=False)


class FourShapes(nn.Module):
    """A 1x1 convolution, then depthwise kernels of another shape for every quarter of the channels; without biases."""

    def __init__(self, width: int) -> None:
        super().__init__()
        part = width // len(SHAPES)
        self.mix = conv1(width, width, bias=False)
        self.shapes = nn.ModuleList(nn.Sequential(*(striped(part, kernel) for kernel in kernels)) for kernels in SHAPES)

    def forward(self, x: Tensor) -> Tensor:
        parts = self.mix(x).chunk(len(SHAPES), dim=1)
        return torch.cat([shape(part) for shape, part in zip(self.shapes, parts, strict=True)], dim=1)


def activated_residual(width: int) -> nn.Sequential:
    """Four shapes with a skip, activated."""
    return nn.Sequential(Residual(FourShapes(width)), nn.GELU())


class ContextBlock(nn.Module):
    """Two filtering steps, distillates before each and after the last, fused, filtered, and put in their context."""

    def __init__(self, width: int) -> None:
        super().__init__()
        half = width // 2
        self.steps = nn.ModuleList(activated_residual(width) for _ in range(2))
        self.distil = nn.ModuleList(conv1(width, half) for _ in range(2))
        self.last = conv3(width, half, groups=half)
        self.fuse = conv1(3 * half, width)
        self.context = nn.Sequential(activated_residual(width), spatial_channel_context(width, factors=True))

    def forward(self, x: Tensor) -> Tensor:
        distillates, y = [], x
        for step, distil in zip(self.steps, self.distil, strict=True):
            distillates.append(functional.gelu(distil(y)))
            y = step(y)
        distillates.append(functional.gelu(self.last(y)))
        return x + self.context(self.fuse(torch.cat(distillates, dim=1)))


@register_model
class VSCINet(CentredPostUpsampling):
    """Context blocks whose outputs are all fused before the trunk, which is four shapes too."""

    def __init__(self, scale: float = 4, width: int = 20, blocks: int = 5) -> None:
        super().__init__(
            width,
            (ContextBlock(width) for _ in range(blocks)),
            scale,
            head=conv3(3, width, bias=False),
            fuse=nn.Sequential(conv1(blocks * width, width, bias=False), nn.GELU()),
            trunk=FourShapes(width),
            tail=PixelShuffleTail(width, scale, conv1(width, 3 * int(scale) ** 2, bias=False)),
        )

"""SAFMN++ and what was made of it: ExpandRepNet and SAFMNv3.

NTIRE 2024 and 2025 Efficient SR challenges; Amazingren/NTIRE2025_ESR, models/team39_ExpandRepNet.py (the default,
which is SAFMN++ with biases) and models/team19_SAFMNv3.py. The base: Sun et al., SAFMN, ICCV 2023. Data range 0..1.
Peculiar: features are multiplied by maxima of cells that divide the whole image (SAFMNv3: and by variances over all
of it) without any norm, so that images of pure noise grow out of all bounds. LR sides of at least 8 (pooling).
"""

import torch
from torch import Tensor, fx, nn
from torch.nn import functional

from resolute.models import register_model
from resolute.models.blocks.convolution import conv, conv1, conv3, depthwise
from resolute.models.blocks.pooling import max_pool_cells
from resolute.models.blocks.post_upsampling import PixelShuffleTail, enlarge
from resolute.models.blocks.residual import Residual

# Which way it goes depends on the map's sides alone; that cannot be traced.
fx.wrap("max_pool_cells")

POOLING = 8


class Modulation(nn.Module):
    """Some of the channels are multiplied by a mask of their own pooled maxima, the others are kept.

    Args:
        width: channels of the input and output (N x width x H x W).
        modulated: channels that are multiplied.
        bias: of all convolutions but the depthwise one.
        variance: SAFMNv3's form, whose mask reads the variance of every channel over the whole image too, and mixes
            channels; what is multiplied has a convolution of its own.
    """

    def __init__(self, width: int, modulated: int, bias: bool, variance: bool) -> None:
        super().__init__()
        self.sizes = [modulated, width - modulated]
        self.apart = conv3(width, modulated, bias=bias) if variance else None
        self.project = conv3(width, width - modulated if variance else width, bias=bias)
        self.pooled = depthwise(modulated, bias=False)
        self.mix = conv1(modulated, modulated, bias=bias) if variance else None
        self.fuse = conv1(width, width, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        projected = self.project(x)
        if self.apart is None:
            modulated, kept = torch.split(projected, self.sizes, dim=1)
        else:
            modulated, kept = self.apart(x), projected
        coarse = self.pooled(max_pool_cells(modulated, POOLING))
        if self.mix is not None:
            coarse = self.mix(coarse + torch.var(modulated, dim=(-2, -1), keepdim=True))
        mask = functional.interpolate(coarse, size=x.shape[-2:], mode="bilinear", align_corners=False)
        return self.fuse(functional.gelu(torch.cat([kept, functional.gelu(mask) * modulated], dim=1)))


@register_model
class SAFMNpp(nn.Module):
    """A chain of modulations and convolutional channel mixers, whose tail learns what is added to the enlarged input.

    Args:
        scale: the enlargement.
        width: channels between head and tail.
        blocks: how many.
        modulated: channels of a block that are modulated.
        bias: of the convolutions.
        variance: SAFMNv3's modulation.
        mixer_kernel: side of the first kernel of the channel mixers.
    """

    def __init__(
        self,
        scale: float = 4,
        width: int = 36,
        blocks: int = 6,
        modulated: int = 12,
        bias: bool = True,
        variance: bool = False,
        mixer_kernel: int = 3,
    ) -> None:
        super().__init__()
        self.scale = int(scale)
        hidden = width * 3 // 2

        def block() -> Residual:
            mixer = (conv(width, hidden, mixer_kernel, bias=bias), nn.GELU(), conv1(hidden, width, bias=bias))
            return Residual(Modulation(width, modulated, bias, variance), *mixer)

        self.head = conv3(3, width, bias=bias)
        self.body = nn.Sequential(*(block() for _ in range(blocks)))
        self.tail = PixelShuffleTail(width, scale, conv3(width, 3 * self.scale**2, bias=bias))

    def forward(self, lr: Tensor) -> Tensor:
        return self.tail(self.body(self.head(lr))) + enlarge(lr, self.scale)

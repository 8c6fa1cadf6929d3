"""LKFN, team ZHEstar's network: BSRN with large, dilated convolutions and an attention from Fourier coefficients.

NTIRE 2024 Table 1, row ZHEstar (Amazingren/NTIRE2024_ESR, models/team03_LKFN.py). Data range 0..1. Peculiar: depthwise
convolutions come before the pointwise ones and read half of the channels; real and imaginary parts go through the same
layers, whose biases act on every frequency; every pixel depends on the whole image. Any input size works.
"""

from functools import partial

import torch
from torch import Tensor, nn

from resolute.models import register_model
from resolute.models.blocks.convolution import conv1, depthwise, leaky_relu
from resolute.models.blocks.distillation import RFDB
from resolute.models.blocks.normalisation import ChannelNorm
from resolute.models.blocks.pointwise import BSConv
from resolute.models.blocks.post_upsampling import PostUpsampling, fusion
from resolute.models.blocks.residual import Residual

COPIES = 4
SLOPE = 0.2

# Side and dilation of the kernels of a block's three large convolutions.
KERNELS = ((5, 1), (5, 1), (5, 3))

separable = partial(BSConv, pointwise=partial(conv1, bias=False))


class PartialSeparable(nn.Module):
    """A depthwise convolution of the first half of the channels, then a pointwise one of all."""

    def __init__(self, width: int, kernel: int, dilation: int) -> None:
        super().__init__()
        self.depthwise = depthwise(width // 2, kernel, dilation)
        self.pointwise = conv1(width, width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        filtered, kept = x.chunk(2, dim=1)
        return self.pointwise(torch.cat([self.depthwise(filtered), kept], dim=1))


class FourierAttention(nn.Module):
    """Features times a map that is made of their Fourier coefficients: N x width x H x W to the same shape."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.layers = Residual(
            conv1(width, hidden), leaky_relu(SLOPE), conv1(hidden, hidden), leaky_relu(SLOPE), conv1(hidden, width)
        )

    def forward(self, x: Tensor) -> Tensor:
        # Half precision has Fourier transforms of few lengths, bfloat16 has none.
        spectrum = torch.fft.rfft2(x.float(), norm="ortho")
        mixed = torch.complex(self.layers(spectrum.real).float(), self.layers(spectrum.imag).float())
        return x * torch.fft.irfft2(mixed, s=x.shape[-2:], norm="ortho")


@register_model
class LKFN(PostUpsampling):
    """Distillation blocks of large convolutions, whose outputs are all fused before the trunk."""

    def __init__(self, scale: float = 4, width: int = 28, kept: int = 14, blocks: int = 8) -> None:
        def block() -> Residual:
            attention = nn.Sequential(FourierAttention(width, width // 2), conv1(width, width), ChannelNorm(width))
            refine = [PartialSeparable(width, *kernel) for kernel in KERNELS]
            return Residual(RFDB(width, kept, attention, refine, False, last=separable, activation=nn.GELU()))

        super().__init__(
            width,
            (block() for _ in range(blocks)),
            scale,
            head=separable(3 * COPIES, width),
            fuse=fusion(blocks, width, nn.GELU()),
            trunk=separable(width, width),
        )

    def forward(self, lr: Tensor) -> Tensor:
        return super().forward(lr.repeat(1, COPIES, 1, 1))

"""SPANV2_ESR, the winner of NTIRE 2026: SPAN's successor, whose gate is a learned linear one.

NTIRE 2026 efficient SR challenge, team XiaomiMM (Amazingren/NTIRE2026_ESR, models/team22_SPANV2_ESR.py, the plain path
of variant C2). Data range 0..1. Peculiar: no biases but the gates'; ReLU; the features are fused with the image,
enlarged by a learned kernel, by a depthwise and a pointwise convolution. The challenge ran the gates in an operator of
their own, whose work its counters missed. Any input size works.
"""

from functools import partial

import torch
from torch import Tensor, nn

from resolute.models import register_model
from resolute.models.blocks.convolution import conv1, conv3, depthwise
from resolute.models.blocks.near import NearestConv
from resolute.models.blocks.post_upsampling import PixelShuffleTail
from resolute.models.blocks.span import activated_chain


def chain(inputs: int, width: int) -> nn.Sequential:
    """Three convolutions without biases, ReLU between them."""
    return activated_chain(inputs, width, 3, nn.ReLU, partial(conv3, bias=False))


class LinearlyGated(nn.Module):
    """Convolutions with a skip, times a pointwise layer of what they give (N x width x H x W)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.chain = chain(width, width)
        self.gate = conv1(width, width)

    def forward(self, x: Tensor) -> Tensor:
        residual = self.chain(x)
        return (x + residual) * self.gate(residual)


@register_model
class SPANV2(nn.Module):
    """Activated convolutions, a chain of gated blocks, and a tail that reads the last of them and the image."""

    def __init__(self, scale: float = 4, width: int = 32, blocks: int = 5) -> None:
        super().__init__()
        pixels = 3 * int(scale) ** 2
        self.near = NearestConv(scale)
        self.head = nn.Sequential(chain(3, width), nn.ReLU())
        self.body = nn.Sequential(*(LinearlyGated(width) for _ in range(blocks - 1)))
        self.filter = depthwise(pixels + width, bias=False)
        self.tail = PixelShuffleTail(pixels + width, scale, conv1(pixels + width, pixels, bias=False))

    def forward(self, lr: Tensor) -> Tensor:
        return self.tail(self.filter(torch.cat([self.near(lr), self.body(self.head(lr))], dim=1)))

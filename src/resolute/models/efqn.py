"""EFQN, team FireWork's network: a chain of 3x3 convolutions whose values are kept in 0..1, made to be quantised.

NTIRE 2024 Table 1, row FireWork (Amazingren/NTIRE2024_ESR, models/team11_EFQN.py). Data range 0..1. Peculiar: every
activation clamps at both ends, the output too; the image enters four times, and once more into a 1x1 convolution that
began as nearest-neighbour enlargement. Any input size works.
"""

import torch
from torch import Tensor, nn

from resolute.models import register_model
from resolute.models.blocks.convolution import conv1, conv3
from resolute.models.blocks.reparameterised import bias_of

COPIES = 4


@register_model
class EFQN(nn.Module):
    """Clamped convolutions at LR size, without a skip but the image's.

    Args:
        scale: the enlargement, an integer.
        width: channels of the convolutions.
        depth: how many clamped convolutions there are.
        clamp: keep the output in 0..1, which would stop gradients in training.
    """

    def __init__(self, scale: float = 4, width: int = 64, depth: int = 12, clamp: bool = True) -> None:
        super().__init__()
        subpixels = int(scale) ** 2
        self.body = nn.ModuleList(conv3(width if number else 3 * COPIES, width) for number in range(depth))
        self.last = conv3(width, 3 * subpixels)
        self.anchor = conv1(3, 3 * subpixels)
        with torch.no_grad():
            self.anchor.weight.copy_(torch.eye(3).repeat_interleave(subpixels, dim=0)[:, :, None, None])
            bias_of(self.anchor).zero_()
        self.clamp = clamp
        self.shuffle = nn.PixelShuffle(int(scale))

    def forward(self, lr: Tensor) -> Tensor:
        x = lr.repeat(1, COPIES, 1, 1)
        for convolution in self.body:
            x = convolution(x).clamp(0, 1)
        sr = self.shuffle(self.anchor(lr) + self.last(x))
        return sr.clamp(0, 1) if self.clamp else sr

"""Fusion of two maps by interleaving their channels."""

import torch
from torch import Tensor, nn

from resolute.models.blocks.convolution import conv1
from resolute.models.blocks.preparable import Preparable


class InterleavedFusion(Preparable):
    """Two maps of `width` channels to one: their channels in turns (a shuffle of two groups), then a 1x1 convolution.

    Channel i of the first map is read as channel 2i, channel i of the second as 2i + 1.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv = conv1(2 * width, width)

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        return self.conv(torch.stack([first, second], dim=2).flatten(1, 2))

    def prepare(self) -> nn.Module:
        weight = self.conv.weight.detach()
        return _Concatenation(self.conv, torch.cat([weight[:, ::2], weight[:, 1::2]], dim=1))


class _Concatenation(nn.Module):
    """A convolution of the concatenation of two maps."""

    def __init__(self, conv: nn.Conv2d, weight: Tensor) -> None:
        super().__init__()
        self.conv = conv
        self.conv.weight = nn.Parameter(weight)

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        return self.conv(torch.cat([first, second], dim=1))

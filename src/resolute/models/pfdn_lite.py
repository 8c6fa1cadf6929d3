"""PFDN_Lite, team BSR's partial feature distillation network, third overall in NTIRE 2024.

NTIRE 2024 Table 1, row BSR (Amazingren/NTIRE2024_ESR, models/team01_PFDNLITE.py; icandle/PlainUSR). Data range 0..1.
Peculiar: an attention comes first in every block, and the block's skip begins behind it; its gate is the first channel
of the features. The image is added where its pixels are still channels. LR sides of at least 7 (pooling).
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from resolute.models import register_model
from resolute.models.blocks.convolution import conv1, conv3


class LocalImportance(nn.Module):
    """Weighs features by a wide view of them and by their own first channel (Wang et al., PlainUSR, ACCV 2024).

    N x width x H x W to the same shape, of sides of at least 7.
    """

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            conv1(width, hidden),
            nn.MaxPool2d(7, stride=3),
            nn.Conv2d(hidden, hidden, 3, stride=2, padding=1),
            conv3(hidden, width),
            nn.Sigmoid(),
        )

    def forward(self, x: Tensor) -> Tensor:
        wide = functional.interpolate(self.body(x), size=x.shape[-2:], mode="bilinear", align_corners=False)
        return x * (wide * torch.sigmoid(x[:, :1]))


class PartialBlock(nn.Module):
    """An attention, then a layer that renews the first half of the channels between two convolutions, and a skip.

    `narrow`: the first convolution gives that half alone, in place of such a layer.
    """

    def __init__(self, width: int, hidden: int, narrow: bool) -> None:
        super().__init__()
        half = width // 2
        self.attention = LocalImportance(width, hidden)
        self.first = conv3(width, half if narrow else width)
        self.partial = None if narrow else conv3(half, half)
        self.last = conv3(width, width)
        self.activation = nn.SiLU()

    def forward(self, x: Tensor) -> Tensor:
        x = self.attention(x)
        y = self.activation(self.first(x))
        if self.partial is None:
            half, rest = y, x.chunk(2, dim=1)[1]
        else:
            half, rest = y.chunk(2, dim=1)
            half = self.activation(self.partial(half))
        return self.activation(self.last(torch.cat([half, rest], dim=1))) + x


@register_model
class PFDNLite(nn.Module):
    """Partial blocks in a chain, of which those that `narrow` says are narrow; the enlarged image is added."""

    def __init__(
        self, scale: float = 4, width: int = 48, hidden: int = 16, narrow: Sequence[bool] = (False, True, True, False)
    ) -> None:
        super().__init__()
        self.copies = int(scale) ** 2
        self.head = conv3(3, width)
        self.body = nn.Sequential(*(PartialBlock(width, hidden, one) for one in narrow))
        self.last = conv3(width, 3 * self.copies)
        self.shuffle = nn.PixelShuffle(int(scale))

    def forward(self, lr: Tensor) -> Tensor:
        nearest = lr.repeat_interleave(self.copies, dim=1)
        return self.shuffle(self.last(self.body(self.head(lr))) + nearest)

"""AALN, "Attention Augmented Lightweight Network".

NTIRE 2022 challenge report, section 4.23 and Table 1, row Drinktea. Data range 0..255. Peculiar: the mean colour is
taken off and put back by layers; channel attention on means and deviations of the whole map, so tiles change the
result; the bicubic image skip has the mean taken off. Any input size works.
"""

import torch
from torch import Tensor, nn

from resolute.models import register_model
from resolute.models.blocks.convolution import conv1, conv3, depthwise
from resolute.models.blocks.normalisation import DIV2K_MEAN, MeanShift
from resolute.models.blocks.post_upsampling import PixelShuffleTail, PostUpsampling, enlarge

MEAN = [255 * value for value in DIV2K_MEAN]

# Keeps the gradient of the deviation finite where a map is constant.
LEAST_VARIANCE = 1e-30


class StatisticsAttention(nn.Module):
    """A sigmoid factor per channel, from the mean and the standard deviation of the whole map."""

    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.mean = nn.Sequential(conv1(channels, hidden), nn.ReLU())
        self.deviation = nn.Sequential(conv1(channels, hidden), nn.ReLU())
        self.excite = conv1(hidden, channels)

    def forward(self, x: Tensor) -> Tensor:
        mean = x.mean((2, 3), keepdim=True)
        # Not `std`, which takes half as long again on maps with the channels last.
        variance = (x - mean).square().mean((2, 3), keepdim=True).clamp(min=LEAST_VARIANCE)
        return x * torch.sigmoid(self.excite(self.mean(mean) + self.deviation(variance.sqrt())))


class LocalAttention(nn.Module):
    """A sigmoid mask of two depthwise convolutions."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.mask = nn.Sequential(depthwise(channels), nn.PReLU(), depthwise(channels))

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.sigmoid(self.mask(x))


class Pair(nn.Module):
    """Two parts in a row whose outputs are both kept, fused, and added to the input."""

    def __init__(self, first: nn.Module, second: nn.Module, fuse: nn.Module) -> None:
        super().__init__()
        self.first = first
        self.second = second
        self.fuse = fuse

    def forward(self, x: Tensor) -> Tensor:
        first = self.first(x)
        return x + self.fuse(torch.cat([first, self.second(first)], dim=1))


def attention_unit(width: int, hidden: int) -> Pair:
    """Two activated convolutions, weighted per channel before they are fused."""
    first, second = (nn.Sequential(conv3(width, width), nn.PReLU()) for _ in range(2))
    return Pair(first, second, nn.Sequential(StatisticsAttention(2 * width, hidden), conv1(2 * width, width)))


def attention_block(width: int, hidden: int) -> Pair:
    """Two units, weighted per pixel after they are fused."""
    first, second = (attention_unit(width, hidden) for _ in range(2))
    return Pair(first, second, nn.Sequential(conv1(2 * width, width), LocalAttention(width)))


@register_model
class AALN(PostUpsampling):
    """Attention blocks, fused onto the head's output; the image itself is enlarged beside them."""

    def __init__(self, scale: float = 4, width: int = 54, blocks: int = 4, hidden: int = 9) -> None:
        super().__init__(
            width,
            (attention_block(width, hidden) for _ in range(blocks)),
            scale,
            head=nn.Sequential(conv3(3, width), nn.PReLU(), conv3(width, width), nn.PReLU()),
            fuse=conv1(blocks * width, width),
            trunk=nn.Identity(),
            tail=nn.Sequential(
                conv3(width, width), nn.PReLU(), PixelShuffleTail(width, scale, conv1(width, 3 * int(scale) ** 2))
            ),
        )
        self.take_mean = MeanShift([-value for value in MEAN])
        self.give_mean = MeanShift(MEAN)

    def forward(self, lr: Tensor) -> Tensor:
        lr = self.take_mean(lr)
        return self.give_mean(super().forward(lr)) + enlarge(lr, self.scale, "bicubic")

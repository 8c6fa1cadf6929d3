"""BVIESR: a transformer in windows of several sizes that correlates channels, without a softmax.

NTIRE 2025 and 2026 efficient SR challenges, team BVI (Amazingren/NTIRE2026_ESR, models/team19_BVIESR.py), made of
HiT-SRF. Data range 0..1. Peculiar: what is correlated is one map's two halves; the norms stand behind the branches; the
last two blocks also read the outputs of the first two, through one shared layer. The image is mirrored on to multiples
of each block's window, again and again where it must: the released code refuses sides under 17, here any size works.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, fx, nn
from torch.nn import functional

from resolute.models import register_model
from resolute.models.blocks.centred import CentredPostUpsampling
from resolute.models.blocks.convolution import conv1, conv3, depthwise, leaky_relu
from resolute.models.blocks.normalisation import ChannelNorm
from resolute.models.blocks.pointwise import PointwiseLinear
from resolute.models.blocks.sizes import larger, quotient_up
from resolute.models.blocks.windows import from_windows, to_windows

# How often it mirrors depends on the map's sides alone; that cannot be traced.
fx.wrap("mirrored")


def mirrored(x: Tensor, size: int) -> Tensor:
    """N x C x H x W, mirrored at the bottom and at the right, to and fro, until both sides are multiples of `size`."""
    for axis in (2, 3):
        side = x.shape[axis]
        period = larger(2 * side - 2, 1)
        place = torch.arange(quotient_up(side, size) * size, device=x.device) % period
        x = x.index_select(axis, torch.minimum(place, period - place))
    return x


class RowLinear(PointwiseLinear):
    """A linear layer at every pixel that reads the pixels as one row, as the released network does: counters look at
    that.
    """

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(x.flatten(2).transpose(1, 2)).transpose(1, 2).unflatten(2, x.shape[2:])


class CorrelatedWindows(nn.Module):
    """Each half of the channels mixed by its correlation with the other half inside windows (N x width x H x W)."""

    def __init__(self, width: int, size: int, squeezed: int) -> None:
        super().__init__()
        self.size = size
        self.filter = nn.Sequential(
            conv1(width, squeezed),
            leaky_relu(0.2),
            conv3(squeezed, squeezed),
            leaky_relu(0.2),
            conv1(squeezed, width),
        )
        self.mix = conv1(width, width)
        self.project = PointwiseLinear(width // 2, width)

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[-2:]
        padded = mirrored(x, self.size)
        mixed_BHWC = (self.filter(padded) * self.mix(padded)).permute(0, 2, 3, 1)
        query_MTC, value_MTC = to_windows(mixed_BHWC, self.size).chunk(2, dim=-1)
        correlation_MCC = query_MTC.transpose(1, 2) @ value_MTC / self.size**2
        attended_MTC = value_MTC @ correlation_MCC.transpose(1, 2)
        attended = from_windows(attended_MTC, self.size, padded.shape[2], padded.shape[3]).permute(0, 3, 1, 2)
        return self.project(attended)[:, :, :height, :width]


class FilteredPerceptron(nn.Module):
    """A perceptron whose hidden features have a filtered, activated copy of them added."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.expand = RowLinear(width, hidden)
        self.filter = depthwise(hidden, 5)
        self.reduce = RowLinear(hidden, width)

    def forward(self, x: Tensor) -> Tensor:
        hidden = functional.gelu(self.expand(x))
        return self.reduce(hidden + functional.gelu(self.filter(hidden)))


class WindowBlock(nn.Module):
    """Correlation in windows, then a perceptron; what each gives is normed and added (N x width x H x W)."""

    def __init__(self, width: int, size: int, squeezed: int) -> None:
        super().__init__()
        self.correlate = CorrelatedWindows(width, size, squeezed)
        self.norm1 = ChannelNorm(width)
        self.perceptron = FilteredPerceptron(width, 2 * width)
        self.norm2 = ChannelNorm(width)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.norm1(self.correlate(x))
        return x + self.norm2(self.perceptron(x))


class Hourglass(nn.Module):
    """Blocks of smaller and smaller windows, and of larger and larger ones that also read what was made before.

    The normed input is added to the filtered result: N x width x H x W to the same shape.
    """

    def __init__(self, width: int, windows: Sequence[int], squeezed: int) -> None:
        super().__init__()
        self.norm = ChannelNorm(width)
        self.blocks = nn.ModuleList(WindowBlock(width, size, squeezed) for size in windows)
        self.merge = RowLinear(2 * width, width)
        self.conv = conv3(width, width)

    def forward(self, x: Tensor) -> Tensor:
        normed = self.norm(x)
        outputs: list[Tensor] = []
        y = normed
        falling = (len(self.blocks) + 1) // 2
        for number, block in enumerate(self.blocks):
            if number >= falling:
                earlier = outputs[len(self.blocks) - 1 - number]
                y = self.merge(torch.cat([y, earlier], dim=1))
            y = block(y)
            outputs.append(y)
        return normed + self.conv(y)


@register_model
class BVIESR(CentredPostUpsampling):
    """An hourglass of window blocks and a normed 3x3 trunk.

    Args:
        scale: the enlargement, an integer.
        width: channels between head and tail.
        windows: side of each block's windows; an odd number of blocks.
        squeezed: channels of the 3x3 convolution before the correlation.
    """

    def __init__(
        self, scale: float = 4, width: int = 48, windows: Sequence[int] = (64, 32, 8, 32, 64), squeezed: int = 9
    ) -> None:
        trunk = nn.Sequential(ChannelNorm(width), conv3(width, width))
        super().__init__(width, [Hourglass(width, windows, squeezed)], scale, trunk=trunk)

"""Attention blocks of efficient SR networks. All map N x channels x H x W to the same shape."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from resolute.models.blocks.convolution import ConvFactory, conv, conv1, conv3, leaky_relu


def esa_refinement(
    width: int, convolutions: int = 3, conv: ConvFactory = conv3, activation: type[nn.Module] = nn.ReLU
) -> nn.Sequential:
    """The 3x3 convolutions that refine ESA's coarse map, with an activation between them."""
    layers = [conv(width, width)]
    for _ in range(convolutions - 1):
        layers += [activation(), conv(width, width)]
    return nn.Sequential(*layers)


class ESA(nn.Module):
    """Enhanced spatial attention (Liu et al., RFANet, CVPR 2020): a mask from a coarse, wide view of the map.

    Features are reduced to `width` channels, shrunk, refined, enlarged bilinearly, added to the reduced ones and
    turned into a mask that multiplies the input. The parts are RFDN's unless they are given; with its own
    shrinking, height and width must be at least 15.

    Args:
        channels: channels of the input and output.
        width: channels inside.
        shrink: makes the map coarse. RFDN: a 3x3 convolution of stride 2 without padding, then a max pool.
        refine: works on the coarse map, which has `width` channels after it.
        pointwise: makes the three pointwise layers.
        shortcut: a pointwise layer on the reduced features before they are added (none: added as they are).
        gate: turns the sum into the mask.
    """

    def __init__(
        self,
        channels: int,
        width: int,
        shrink: nn.Module | None = None,
        refine: nn.Module | None = None,
        pointwise: ConvFactory = conv1,
        shortcut: bool = True,
        gate: nn.Module | None = None,
    ) -> None:
        super().__init__()
        self.reduce = pointwise(channels, width)
        self.shrink = shrink or nn.Sequential(nn.Conv2d(width, width, 3, stride=2), nn.MaxPool2d(7, stride=3))
        self.refine = refine or esa_refinement(width)
        self.shortcut = pointwise(width, width) if shortcut else nn.Identity()
        self.expand = pointwise(width, channels)
        self.gate = gate or nn.Sigmoid()

    def forward(self, x: Tensor) -> Tensor:
        reduced = self.reduce(x)
        coarse = self.refine(self.shrink(reduced))
        wide = functional.interpolate(coarse, size=x.shape[-2:], mode="bilinear", align_corners=False)
        return x * self.gate(self.expand(wide + self.shortcut(reduced)))


class PixelAttention(nn.Module):
    """A sigmoid mask of a 1x1 convolution (Zhao et al., PAN, ECCV Workshops 2020).

    Args:
        channels: channels of the input.
        maps: channels of the mask: one per channel (none given), or 1 for a purely spatial mask.
    """

    def __init__(self, channels: int, maps: int | None = None) -> None:
        super().__init__()
        self.conv = conv1(channels, maps or channels)

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.sigmoid(self.conv(x))


class PAConv(nn.Module):
    """A 3x3 convolution under a pixel attention of its input, then another (PAN)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.mask = conv1(width, width)
        self.conv = conv3(width, width, bias=False)
        self.last = conv3(width, width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(self.conv(x) * torch.sigmoid(self.mask(x)))


class SCPA(nn.Module):
    """Self-calibrated block with pixel attention (PAN): two halves, one plain, one attended, fused and added."""

    def __init__(self, width: int) -> None:
        super().__init__()
        half = width // 2
        self.plain = self._half(width, conv3(half, half, bias=False))
        self.attended = self._half(width, PAConv(half))
        self.fuse = conv1(width, width, bias=False)

    @staticmethod
    def _half(width: int, convolution: nn.Module) -> nn.Sequential:
        return nn.Sequential(conv1(width, width // 2, bias=False), leaky_relu(0.2), convolution, leaky_relu(0.2))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.fuse(torch.cat([self.plain(x), self.attended(x)], dim=1))


class ChannelMask(nn.Module):
    """One factor per channel, from the means and maxima of the whole map (Woo et al., CBAM, ECCV 2018).

    Both go through the same two bias-free 1x1 convolutions; N x channels x H x W becomes N x channels x 1 x 1.
    """

    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.squeeze = conv1(channels, hidden, bias=False)
        self.excite = conv1(hidden, channels, bias=False)
        self.activation = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        pooled = (x.mean((2, 3), keepdim=True), x.amax((2, 3), keepdim=True))
        mean, most = (self.excite(self.activation(self.squeeze(value))) for value in pooled)
        return torch.sigmoid(mean + most)


class ContrastAttention(nn.Module):
    """Weights channels by the mean and standard deviation of their whole map (Hui et al., IMDN, ACM MM 2019)."""

    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.squeeze = conv1(channels, hidden)
        self.excite = conv1(hidden, channels)
        self.activation = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        contrast = x.std((2, 3), correction=0, keepdim=True) + functional.adaptive_avg_pool2d(x, 1)
        return x * torch.sigmoid(self.excite(self.activation(self.squeeze(contrast))))


class SpatialMask(nn.Module):
    """One factor per pixel, from the mean and maximum over the channels (CBAM): N x 1 x H x W."""

    def __init__(self, kernel: int = 7, bias: bool = True) -> None:
        super().__init__()
        self.conv = conv(2, 1, kernel, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        return torch.sigmoid(self.conv(torch.cat([x.mean(1, keepdim=True), x.amax(1, keepdim=True)], dim=1)))

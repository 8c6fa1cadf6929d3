"""The upsampler of networks that go on at HR size."""

from collections.abc import Callable

from torch import nn

from resolute.models.blocks.convolution import ConvFactory, conv3


def upsampler(
    width: int, scale: float, activation: Callable[[], nn.Module] | None = None, conv: ConvFactory = conv3
) -> nn.Sequential:
    """A convolution and pixel shuffle, twice by 2 at x4: N x width x h x w to N x width x sh x sw.

    EDSR's (Lim et al., CVPR Workshops 2017), which is 3x3 and has no activation. One that is given stands before the
    shuffle: next to its convolution, and with the same result as behind it.
    """
    layers: list[nn.Module] = []
    for factor in (2, 2) if scale == 4 else (int(scale),):
        layers.append(conv(width, width * factor**2))
        if activation is not None:
            layers.append(activation())
        layers.append(nn.PixelShuffle(factor))
    return nn.Sequential(*layers)

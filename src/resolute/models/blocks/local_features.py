"""The residual local feature block (Kong et al., RLFN, CVPR Workshops 2022), of any layers."""

from collections.abc import Iterable
from functools import partial

from torch import Tensor, nn

from resolute.models.blocks.attention import ESA
from resolute.models.blocks.convolution import conv1, conv3, leaky_relu


def slim_esa(channels: int, width: int = 16, shortcut: bool = True, bias: bool = True) -> ESA:
    """ESA as RLFN has it: a single 3x3 convolution refines the coarse map, and nothing is activated."""
    return ESA(
        channels,
        width,
        shrink=nn.Sequential(nn.Conv2d(width, width, 3, stride=2, bias=bias), nn.MaxPool2d(7, stride=3)),
        refine=conv3(width, width, bias=bias),
        pointwise=partial(conv1, bias=bias),
        shortcut=shortcut,
    )


class RLFB(nn.Module):
    """Three activated layers with a skip over all of them, a pointwise layer, an attention.

    Args:
        layers: the three, from N x width x H x W to the same shape.
        fuse: the pointwise layer on the sum.
        attention: comes last; neither changes the shape.
        activation: after each of the three layers; it is shared, so it must be without parameters.
    """

    def __init__(
        self, layers: Iterable[nn.Module], fuse: nn.Module, attention: nn.Module, activation: nn.Module | None = None
    ) -> None:
        super().__init__()
        self.conv1, self.conv2, self.conv3 = layers
        self.fuse = fuse
        self.attention = attention
        self.activation = activation or leaky_relu()

    def forward(self, x: Tensor) -> Tensor:
        y = x
        for layer in (self.conv1, self.conv2, self.conv3):
            y = self.activation(layer(y))
        return self.attention(self.fuse(y + x))

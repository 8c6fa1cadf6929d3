"""Convolutions as efficient SR networks use them: stride 1, size kept by zero padding, with bias."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

ConvFactory = Callable[[int, int], nn.Module]
"""Makes a layer from its numbers of input and output channels; the layer keeps height and width."""


def conv(
    inputs: int,
    outputs: int,
    kernel: int | tuple[int, int],
    dilation: int = 1,
    groups: int = 1,
    bias: bool = True,
) -> nn.Conv2d:
    """A convolution that keeps the size; the kernel's sides (height, width) are odd."""
    height, width = (kernel, kernel) if isinstance(kernel, int) else kernel
    padding = (dilation * (height // 2), dilation * (width // 2))
    return nn.Conv2d(inputs, outputs, (height, width), padding=padding, dilation=dilation, groups=groups, bias=bias)


def conv1(inputs: int, outputs: int, groups: int = 1, bias: bool = True) -> nn.Conv2d:
    """A 1x1 convolution."""
    return conv(inputs, outputs, 1, groups=groups, bias=bias)


def conv3(inputs: int, outputs: int, dilation: int = 1, groups: int = 1, bias: bool = True) -> nn.Conv2d:
    """A 3x3 convolution."""
    return conv(inputs, outputs, 3, dilation, groups, bias)


def depthwise(channels: int, kernel: int = 3, dilation: int = 1, bias: bool = True) -> nn.Conv2d:
    """A convolution of every channel by itself."""
    return conv(channels, channels, kernel, dilation, channels, bias)


class ReflectedDepthwise(nn.Conv2d):
    """A convolution of every channel by itself that mirrors the map about its border instead of adding zeros.

    Each side is longer than the kernel reaches.
    """

    def __init__(self, channels: int, kernel: int = 3, dilation: int = 1, bias: bool = True) -> None:
        super().__init__(channels, channels, kernel, dilation=dilation, groups=channels, bias=bias)
        self.reach = dilation * (kernel // 2)

    def forward(self, x: Tensor) -> Tensor:
        # On CUDA the backward pass of a reflecting `pad` is not deterministic.
        for axis in (2, 3):
            inner = x.shape[axis] - 1
            before = x.narrow(axis, 1, self.reach).flip(axis)
            after = x.narrow(axis, inner - self.reach, self.reach).flip(axis)
            x = torch.cat([before, x, after], dim=axis)
        return super().forward(x)


def leaky_relu(slope: float = 0.05) -> nn.LeakyReLU:
    """Leaky ReLU; 0.05 is the customary slope since IMDN."""
    return nn.LeakyReLU(slope)

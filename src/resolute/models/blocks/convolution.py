"""Convolutions as efficient SR networks use them: stride 1, size kept by zero padding, with bias."""

from collections.abc import Callable

from torch import nn

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


def leaky_relu(slope: float = 0.05) -> nn.LeakyReLU:
    """Leaky ReLU; 0.05 is the customary slope since IMDN."""
    return nn.LeakyReLU(slope)

"""Convolutions as efficient SR networks use them: stride 1, size kept by zero padding, with bias."""

from torch import nn


def conv1(inputs: int, outputs: int) -> nn.Conv2d:
    """A 1x1 convolution."""
    return nn.Conv2d(inputs, outputs, 1)


def conv3(inputs: int, outputs: int, stride: int = 1, padding: int = 1) -> nn.Conv2d:
    """A 3x3 convolution."""
    return nn.Conv2d(inputs, outputs, 3, stride=stride, padding=padding)


def leaky_relu() -> nn.LeakyReLU:
    """Leaky ReLU of slope 0.05, the customary activation since IMDN."""
    return nn.LeakyReLU(0.05)

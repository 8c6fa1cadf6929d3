"""Convolutions whose border is a reflection of what lies inside, without the pixels at the edge themselves."""

import torch
from torch import Tensor, nn

from resolute.models.blocks.convolution import conv1


def reflected(x: Tensor) -> Tensor:
    """N x C x H x W with one pixel more on every side: N x C x (H + 2) x (W + 2); sides of at least 2.

    PyTorch's own padding by reflection has no deterministic backward pass on CUDA.
    """
    x = torch.cat([x[:, :, 1:2], x, x[:, :, -2:-1]], dim=2)
    return torch.cat([x[..., 1:2], x, x[..., -2:-1]], dim=3)


class ReflectedDepthwise(nn.Conv2d):
    """A 3x3 convolution of every channel by itself, padded by reflection."""

    def __init__(self, channels: int, stride: int = 1) -> None:
        super().__init__(channels, channels, 3, stride, groups=channels)

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(reflected(x))


def reflected_bsconv(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    """A blueprint separable convolution (Haase and Amthor, CVPR 2020) that pads the pointwise layer's output."""
    layers = nn.Sequential()
    layers.add_module("pointwise", conv1(inputs, outputs, bias=False))
    layers.add_module("depthwise", ReflectedDepthwise(outputs, stride))
    return layers

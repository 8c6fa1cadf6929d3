"""Convolutions that mirror the map about its border instead of adding zeros."""

import torch
from torch import Tensor, nn


def reflected(x: Tensor, reach: int = 1) -> Tensor:
    """N x C x H x W with `reach` more rows and columns on every side, which is shorter than the sides of the map.

    The border itself is not repeated. What a reflecting `pad` does, whose backward pass is not deterministic on CUDA.
    """
    for axis in (2, 3):
        last = x.shape[axis] - 1
        before = x.narrow(axis, 1, reach).flip(axis)
        after = x.narrow(axis, last - reach, reach).flip(axis)
        x = torch.cat([before, x, after], dim=axis)
    return x


class ReflectedDepthwise(nn.Conv2d):
    """A convolution of every channel by itself, of an odd kernel: N x channels x H x W, each side divided by the stride
    and rounded up.
    """

    def __init__(self, channels: int, kernel: int = 3, dilation: int = 1, stride: int = 1, bias: bool = True) -> None:
        super().__init__(channels, channels, kernel, stride, dilation=dilation, groups=channels, bias=bias)
        self.reach = dilation * (kernel // 2)

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(reflected(x, self.reach))

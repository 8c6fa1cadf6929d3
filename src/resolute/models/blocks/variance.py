"""Attention by variances, of windows or of the whole map, as HannahSR and FMDN have it (NTIRE 2025)."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from resolute.models.blocks.attention import ContrastAttention
from resolute.models.blocks.convolution import ConvFactory, conv1, depthwise
from resolute.models.blocks.reflected import ReflectedDepthwise, reflected

KERNELS = (5, 7)
STRIDE = 3


def window_variance(x: Tensor, size: tuple[int, int], stride: tuple[int, int]) -> Tensor:
    """The sample variance of every window (height, width) without padding: N x C x H x W to N x C x rows x columns."""
    windows = x.unfold(2, size[0], stride[0]).unfold(3, size[1], stride[1])
    return torch.var(windows, dim=(-2, -1))


def reflected_bsconv(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    """A blueprint separable convolution (Haase and Amthor, CVPR 2020) that mirrors what its pointwise layer gives."""
    layers = nn.Sequential()
    layers.add_module("pointwise", conv1(inputs, outputs, bias=False))
    layers.add_module("depthwise", ReflectedDepthwise(outputs, stride=stride))
    return layers


class VarianceMask(nn.Module):
    """ESA's mask, of the maxima and the variances of windows of 5x5 and of 7x7: N x channels x H x W, in 0..1.

    Sides of at least 9.

    Args:
        channels: channels of the input and of the mask.
        width: channels inside.
        refine: makes the layers that work on a coarse map, two for each size of windows.
        activation: between the two.
    """

    def __init__(self, channels: int, width: int, refine: ConvFactory, activation: Callable[[], nn.Module]) -> None:
        super().__init__()
        self.reduce = conv1(channels, width)
        self.maxima = nn.ModuleList(reflected_bsconv(width, width, stride=2) for _ in KERNELS)
        self.varied = nn.ModuleList(reflected_bsconv(width, width, stride=2) for _ in KERNELS)
        self.refine = nn.ModuleList(
            nn.Sequential(refine(width, width), activation(), refine(width, width)) for _ in KERNELS
        )
        self.shortcut = conv1(width, width)
        self.expand = conv1(width, channels)

    def skipped(self, reduced: Tensor) -> Tensor:
        """What is added to the coarse maps, of features that were not made coarse."""
        return self.shortcut(reduced)

    def forward(self, x: Tensor) -> Tensor:
        reduced = self.reduce(x)
        total = self.skipped(reduced)
        for kernel, maxima, varied, refine in zip(KERNELS, self.maxima, self.varied, self.refine, strict=True):
            most = functional.max_pool2d(maxima(reduced), kernel, STRIDE, padding=1)
            coarse = refine(most + window_variance(reflected(varied(reduced), 1), (kernel, kernel), (STRIDE, STRIDE)))
            total = total + functional.interpolate(coarse, size=x.shape[-2:], mode="bilinear", align_corners=False)
        return torch.sigmoid(self.expand(total))


class DetailAttention(nn.Module):
    """What stands out in filtered features of their one mean colour, and these weighed by their contrast, and a skip.

    N x width x H x W to the same shape; every pixel depends on the whole image. The factor starts at zero.
    """

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.filter = depthwise(width)
        self.common = conv1(width, 1)
        self.factor = nn.Parameter(torch.zeros(1, width, 1, 1))
        self.contrast = ContrastAttention(width, hidden)

    def forward(self, x: Tensor) -> Tensor:
        filtered = functional.gelu(self.filter(x))
        return self.factor * (filtered - functional.gelu(self.common(filtered))) + self.contrast(filtered) + x

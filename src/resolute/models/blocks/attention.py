"""Attention blocks of efficient SR networks."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from resolute.models.blocks.convolution import conv1, conv3


class ESA(nn.Module):
    """Enhanced spatial attention (Liu et al., RFANet, CVPR 2020): a mask from a coarse, wide view of the map.

    Features are reduced to `width` channels, shrunk by a strided convolution and a max pool, refined,
    enlarged bilinearly and turned into a sigmoid mask that multiplies the input. Height and width must be at
    least 15.

    Args:
        channels: channels of the input and output (N x channels x H x W).
        width: channels inside.
        refinements: how many 3x3 convolutions refine the pooled map, with a ReLU between them; RFDN has
            three, RLFN one.
    """

    def __init__(self, channels: int, width: int, refinements: int = 3) -> None:
        super().__init__()
        self.reduce = conv1(channels, width)
        self.shrink = conv3(width, width, stride=2, padding=0)
        self.refine = nn.ModuleList(conv3(width, width) for _ in range(refinements))
        self.shortcut = conv1(width, width)
        self.expand = conv1(width, channels)
        self.activation = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        reduced = self.reduce(x)
        coarse = functional.max_pool2d(self.shrink(reduced), kernel_size=7, stride=3)
        for index, convolution in enumerate(self.refine):
            coarse = convolution(self.activation(coarse) if index else coarse)
        coarse = functional.interpolate(coarse, size=x.shape[-2:], mode="bilinear", align_corners=False)
        return x * torch.sigmoid(self.expand(coarse + self.shortcut(reduced)))

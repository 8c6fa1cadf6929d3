"""Feature distillation: blocks that keep a slice of the features at every step and pass on the rest."""

import torch
from torch import Tensor, nn

from resolute.models.blocks.attention import ESA
from resolute.models.blocks.convolution import conv1, conv3, leaky_relu


class IMDB(nn.Module):
    """Information multi-distillation block (Hui et al., IMDN, ACM MM 2019) without channel attention.

    Three times a 3x3 convolution is activated and split; a last one makes the fourth kept slice, which stays
    without activation. The slices are fused by a 1x1 convolution and added to the input.

    Args:
        width: channels of the input and output (N x width x H x W).
        kept: channels that every step keeps.
    """

    def __init__(self, width: int, kept: int) -> None:
        super().__init__()
        passed = width - kept
        self.split = [kept, passed]
        self.conv1 = conv3(width, width)
        self.conv2 = conv3(passed, width)
        self.conv3 = conv3(passed, width)
        self.conv4 = conv3(passed, kept)
        self.fuse = conv1(4 * kept, width)
        self.activation = leaky_relu()

    def forward(self, x: Tensor) -> Tensor:
        slices, passed = [], x
        for convolution in (self.conv1, self.conv2, self.conv3):
            kept, passed = torch.split(self.activation(convolution(passed)), self.split, dim=1)
            slices.append(kept)
        slices.append(self.conv4(passed))
        return x + self.fuse(torch.cat(slices, dim=1))


class RFDB(nn.Module):
    """Residual feature distillation block (Liu et al., RFDN, ECCV Workshops 2020).

    Every step keeps a 1x1 distillate and refines the rest by a 3x3 convolution whose skip is added before
    the activation. The distillates are fused by a 1x1 convolution and weighted by ESA; the block itself has
    no skip.

    Args:
        width: channels of the input and output (N x width x H x W).
        kept: channels of every distillate.
        esa_width: channels inside ESA.
    """

    def __init__(self, width: int, kept: int, esa_width: int) -> None:
        super().__init__()
        self.distil = nn.ModuleList(conv1(width, kept) for _ in range(3))
        self.refine = nn.ModuleList(conv3(width, width) for _ in range(3))
        self.last = conv3(width, kept)
        self.fuse = conv1(4 * kept, width)
        self.esa = ESA(width, esa_width)
        self.activation = leaky_relu()

    def forward(self, x: Tensor) -> Tensor:
        distillates = []
        for distil, refine in zip(self.distil, self.refine, strict=True):
            distillates.append(self.activation(distil(x)))
            x = self.activation(refine(x) + x)
        distillates.append(self.activation(self.last(x)))
        return self.esa(self.fuse(torch.cat(distillates, dim=1)))

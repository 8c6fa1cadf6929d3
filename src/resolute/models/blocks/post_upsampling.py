"""What most efficient SR networks share: everything happens at LR size until the last layer enlarges."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.nn import functional

from resolute.models.blocks.convolution import conv1, conv3, leaky_relu


def enlarge(x: Tensor, scale: float, mode: str = "bilinear") -> Tensor:
    """N x C x h x w to N x C x sh x sw, `bilinear` or `bicubic`, with half-pixel centres and no antialiasing."""
    return functional.interpolate(x, scale_factor=scale, mode=mode, align_corners=False)


class PixelShuffleTail(nn.Sequential):
    """A convolution to 3 s^2 channels (3x3 unless it is given), then pixel shuffle by s (Shi et al., CVPR 2016)."""

    def __init__(self, width: int, scale: float, conv: nn.Module | None = None) -> None:
        super().__init__()
        self.add_module("conv", conv or conv3(width, 3 * int(scale) ** 2))
        self.add_module("shuffle", nn.PixelShuffle(int(scale)))


def fusion(blocks: int, width: int, activation: nn.Module | None = None) -> nn.Sequential:
    """RFDN's fusion of the outputs of all blocks: a 1x1 convolution and an activation (leaky ReLU of 0.05)."""
    return nn.Sequential(conv1(blocks * width, width), activation or leaky_relu())


class PostUpsampling(nn.Module):
    """Head, a chain of blocks, trunk with a skip from the head, tail that enlarges.

    Args:
        width: channels between head and tail.
        blocks: the chain; each maps N x width x h x w to the same shape.
        scale: the enlargement, an integer.
        image_skip: add the bilinearly enlarged input to the output, so that the network learns a residual.
        head: from 3 channels to width; a 3x3 convolution unless given.
        fuse: reads the concatenated outputs of all blocks and gives width channels; without it, the trunk reads
            the last block's output alone.
        trunk: before the skip is added; a 3x3 convolution unless given.
        tail: from width channels to the image; a 3x3 convolution and pixel shuffle unless given.
    """

    def __init__(
        self,
        width: int,
        blocks: Iterable[nn.Module],
        scale: float,
        image_skip: bool = False,
        head: nn.Module | None = None,
        fuse: nn.Module | None = None,
        trunk: nn.Module | None = None,
        tail: nn.Module | None = None,
    ) -> None:
        super().__init__()
        self.scale = int(scale)
        self.image_skip = image_skip
        self.head = head or conv3(3, width)
        self.body = nn.Sequential(*blocks)
        self.fuse = fuse
        self.trunk = trunk or conv3(width, width)
        self.tail = tail or PixelShuffleTail(width, scale)

    def deep_features(self, shallow: Tensor) -> Tensor:
        """What the trunk reads, from the head's output (both N x width x h x w)."""
        if self.fuse is None:
            return self.body(shallow)
        outputs, x = [], shallow
        for block in self.body:
            x = block(x)
            outputs.append(x)
        return self.fuse(torch.cat(outputs, dim=1))

    def forward(self, lr: Tensor) -> Tensor:
        shallow = self.head(lr)
        sr = self.tail(self.trunk(self.deep_features(shallow)) + shallow)
        return sr + enlarge(lr, self.scale) if self.image_skip else sr

"""The frame that most efficient SR networks share: everything happens at LR size until the last layer."""

from collections.abc import Iterable

from torch import Tensor, nn
from torch.nn import functional

from resolute.models.blocks.convolution import conv3


class PixelShuffleTail(nn.Sequential):
    """A 3x3 convolution to 3 s^2 channels, then pixel shuffle by s (Shi et al., CVPR 2016)."""

    def __init__(self, width: int, scale: int) -> None:
        super().__init__()
        self.add_module("conv", conv3(width, 3 * scale**2))
        self.add_module("shuffle", nn.PixelShuffle(scale))


class LRFrame(nn.Module):
    """Head convolution, body, trunk convolution with a skip from the head, pixel-shuffle tail.

    Args:
        width: channels between head and tail.
        blocks: the body's blocks; each maps N x width x h x w to the same shape.
        scale: the enlargement, an integer.
        image_skip: add the bilinearly enlarged input to the output, so that the network learns a residual.
    """

    def __init__(self, width: int, blocks: Iterable[nn.Module], scale: float, image_skip: bool = False) -> None:
        super().__init__()
        self.scale = int(scale)
        self.image_skip = image_skip
        self.head = conv3(3, width)
        self.body = nn.Sequential(*blocks)
        self.trunk = conv3(width, width)
        self.tail = PixelShuffleTail(width, self.scale)

    def deep_features(self, shallow: Tensor) -> Tensor:
        """What the trunk convolution reads, from the head's output (both N x width x h x w)."""
        return self.body(shallow)

    def forward(self, lr: Tensor) -> Tensor:
        shallow = self.head(lr)
        sr = self.tail(self.trunk(self.deep_features(shallow)) + shallow)
        if self.image_skip:
            sr = sr + functional.interpolate(lr, scale_factor=self.scale, mode="bilinear", align_corners=False)
        return sr

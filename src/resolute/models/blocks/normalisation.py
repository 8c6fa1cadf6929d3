"""Shifts and norms of images and features."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

# The mean colour of DIV2K (R, G, B, in 0..1), as EDSR has it (Lim et al., CVPR Workshops 2017).
DIV2K_MEAN = (0.4488, 0.4371, 0.4040)


def div2k_mean(data_range: float = 1) -> Tensor:
    """The mean colour of DIV2K as 3 x 1 x 1, in units of the data range."""
    return data_range * torch.tensor(DIV2K_MEAN)[:, None, None]


class MeanShift(nn.Conv2d):
    """Adds a colour (one number per channel, in units of the data range) to an image, as a fixed 1x1 convolution.

    A layer with parameters, as the networks that have it count it; it is not trained.
    """

    def __init__(self, colour: Sequence[float]) -> None:
        channels = len(colour)
        super().__init__(channels, channels, 1)
        with torch.no_grad():
            self.weight.copy_(torch.eye(channels)[:, :, None, None])
            if self.bias is not None:
                self.bias.copy_(torch.tensor(colour))
        self.requires_grad_(False)


class ChannelNorm(nn.LayerNorm):
    """Layer normalisation over the channels at every pixel of N x channels x H x W."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


def affine_of(norm: nn.BatchNorm2d) -> tuple[Tensor, Tensor]:
    """What a batch norm multiplies every channel with in evaluation, and what it adds then."""
    factor = norm.weight * torch.rsqrt(norm.get_buffer("running_var") + norm.eps)
    return factor, norm.bias - norm.get_buffer("running_mean") * factor

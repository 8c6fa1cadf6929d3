"""RCAN, "Image Super-Resolution Using Very Deep Residual Channel Attention Networks".

Paper: Zhang et al., ECCV 2018; code: yulunzhang/RCAN. Data range 0..255. Peculiar: residuals in residuals, 400
convolutions deep; its channel attention looks at the whole image, so that an image must not be cut into tiles. Any
input size works.
"""

import torch
from torch import Tensor, nn

from resolute.models import register_model
from resolute.models.blocks.convolution import conv1, conv3
from resolute.models.blocks.normalisation import DIV2K_MEAN, MeanShift
from resolute.models.blocks.post_upsampling import PostUpsampling
from resolute.models.blocks.residual import Residual
from resolute.models.blocks.upsampler import upsampler

MEAN = tuple(255 * mean for mean in DIV2K_MEAN)


class ChannelAttention(nn.Module):
    """Weights channels by a squeeze and an excitation of their means over the whole map (RCAN, section 3.3)."""

    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.squeeze = conv1(channels, hidden)
        self.excite = conv1(hidden, channels)
        self.activation = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        mean = x.mean((2, 3), keepdim=True)
        return x * torch.sigmoid(self.excite(self.activation(self.squeeze(mean))))


@register_model
class RCAN(PostUpsampling):
    """Residual groups of residual channel attention blocks (RCAB) at LR size.

    Args:
        scale: 2, 3 or 4.
        width: channels everywhere.
        blocks: RCABs of every group.
        groups: residual groups.
        reduction: channels over those that the attention squeezes them to, rounded down.
    """

    def __init__(
        self, scale: float = 4, width: int = 64, blocks: int = 20, groups: int = 10, reduction: int = 16
    ) -> None:
        body = (_group(width, blocks, width // reduction) for _ in range(groups))
        super().__init__(width, body, scale, tail=nn.Sequential(upsampler(width, scale), conv3(width, 3)))
        self.subtract = MeanShift([-mean for mean in MEAN])
        self.add = MeanShift(MEAN)

    def forward(self, lr: Tensor) -> Tensor:
        return self.add(super().forward(self.subtract(lr)))


def _group(width: int, blocks: int, hidden: int) -> Residual:
    """The blocks stand in a chain of their own: what closes the group has the same name at every depth."""
    return Residual(nn.Sequential(*(_block(width, hidden) for _ in range(blocks))), conv3(width, width))


def _block(width: int, hidden: int) -> Residual:
    return Residual(conv3(width, width), nn.ReLU(), conv3(width, width), ChannelAttention(width, hidden))

"""Blocks that let a pixel see more of the image, of the networks after DAN (NTIRE 2025 and 2026): N x width x H x W."""

from torch import Tensor, nn

from resolute.models.blocks.convolution import conv1
from resolute.models.blocks.covering import CoveringAttention
from resolute.models.blocks.modulation import FarMask
from resolute.models.blocks.residual import Residual
from resolute.models.blocks.restormer import GatedFeedForward
from resolute.models.blocks.written_norm import WrittenNorm
from resolute.models.smfanet import UnitNorm

WINDOW = 72


class SpatialContext(nn.Module):
    """Half the channels under a mask of pooled maxima and variances, after SMFA; sides of at least 8.

    Args:
        width: channels of the input and output.
        factors: whether maxima and variances have a learned factor per channel.
    """

    def __init__(self, width: int, factors: bool = False) -> None:
        super().__init__()
        self.squeeze = conv1(width, width // 2, bias=False)
        self.mask = FarMask(width // 2, bias=False, factors=factors)
        self.expand = conv1(width // 2, width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        squeezed = self.squeeze(x)
        return self.expand(squeezed * self.mask(squeezed))


def spatial_channel_context(width: int, factors: bool = False) -> nn.Sequential:
    """Spatial context, attention across channels inside windows, a feed-forward network: each normed, with a skip."""
    return nn.Sequential(
        Residual(UnitNorm(), SpatialContext(width, factors)),
        Residual(WrittenNorm(width), CoveringAttention(width, WINDOW)),
        Residual(WrittenNorm(width), GatedFeedForward(width, 2 * width)),
    )

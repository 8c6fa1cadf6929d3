"""SAFMN, "Spatially-Adaptive Feature Modulation for Efficient Image Super-Resolution".

Paper: Sun et al., ICCV 2023. Data range 0..1. Peculiar: the features are modulated by pyramids of maxima whose
windows divide the whole image, so where they lie depends on its size. LR sides of at least 8 (three halvings).
"""

from torch import nn

from resolute.models import register_model
from resolute.models.blocks.convolution import conv1, conv3
from resolute.models.blocks.modulation import SAFM
from resolute.models.blocks.normalisation import ChannelNorm
from resolute.models.blocks.post_upsampling import PostUpsampling
from resolute.models.blocks.residual import Residual


@register_model
class SAFMN(PostUpsampling):
    """A chain of modulations and convolutional channel mixers, each normalised and with a skip."""

    def __init__(self, scale: float = 4, width: int = 36, blocks: int = 8) -> None:
        super().__init__(width, (self._block(width) for _ in range(blocks)), scale, trunk=nn.Identity())

    @staticmethod
    def _block(width: int) -> nn.Sequential:
        return nn.Sequential(
            Residual(ChannelNorm(width, eps=1e-6), SAFM(width)),
            Residual(ChannelNorm(width, eps=1e-6), conv3(width, 2 * width), nn.GELU(), conv1(2 * width, width)),
        )

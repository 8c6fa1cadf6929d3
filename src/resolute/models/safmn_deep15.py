"""SAFMN_Deep15: SAFMN made narrow and deep, normalised over the whole image.

NTIRE 2026 efficient SR challenge, team 21 (Amazingren/NTIRE2026_ESR, models/team21_SAFMN_Deep15.py), after Sun et al.,
"Spatially-Adaptive Feature Modulation for Efficient Image Super-Resolution", ICCV 2023. Data range 0..1. Peculiar: the
norms take mean and variance of all channels and pixels together; 1x1 convolutions alone mix channels; the input,
enlarged bilinearly, is added. LR sides of at least 8 (three halvings); the released code takes shorter ones, in whose
levels it has a single cell.
"""

from torch import nn

from resolute.models import register_model
from resolute.models.blocks.convolution import conv1
from resolute.models.blocks.post_upsampling import PostUpsampling
from resolute.models.blocks.residual import Residual
from resolute.models.safmn import SAFM


@register_model
class SAFMNDeep15(PostUpsampling):
    """A chain of modulations and pointwise channel mixers, each normalised and with a skip."""

    def __init__(self, scale: float = 4, width: int = 40, blocks: int = 15) -> None:
        chain = (self._block(width) for _ in range(blocks))
        super().__init__(width, chain, scale, image_skip=True, trunk=nn.Identity())

    @staticmethod
    def _block(width: int) -> nn.Sequential:
        mixer = (conv1(width, 2 * width), nn.GELU(), conv1(2 * width, width))
        return nn.Sequential(Residual(nn.GroupNorm(1, width), SAFM(width)), Residual(nn.GroupNorm(1, width), *mixer))

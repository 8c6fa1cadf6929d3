"""DepthRLFN, team Fresh's network: RLFN whose middle convolutions are separable.

NTIRE 2024 Table 1, row Fresh (Amazingren/NTIRE2024_ESR, models/team42_DepthRLFN.py). Data range 0..1. Peculiar: the two
halves of a separable convolution are activated each. LR sides of at least 15 (ESA).
"""

from torch import nn

from resolute.models import register_model
from resolute.models.blocks.convolution import conv1, conv3, depthwise, leaky_relu
from resolute.models.blocks.local_features import RLFB, slim_esa
from resolute.models.blocks.post_upsampling import PostUpsampling


@register_model
class DepthRLFN(PostUpsampling):
    """Residual local feature blocks, and the enlarged image added to their residual."""

    def __init__(
        self, scale: float = 4, width: int = 46, inner_width: int = 48, blocks: int = 4, esa_width: int = 16
    ) -> None:
        def block() -> RLFB:
            middle = nn.Sequential(depthwise(inner_width), leaky_relu(), conv1(inner_width, inner_width))
            layers = (conv3(width, inner_width), middle, conv3(inner_width, width))
            return RLFB(layers, conv1(width, width), slim_esa(width, esa_width))

        super().__init__(width, (block() for _ in range(blocks)), scale, image_skip=True)

"""RCN, team MeowMeowMeow's network: RLFN with GELU and layer norm.

NTIRE 2024 Table 1, row MeowMeowMeow (Amazingren/NTIRE2024_ESR, models/team04_RCN.py). Data range 0..1. Peculiar: a
block's skip starts at the normed features, so that the trunk's skip alone bears anything unnormed. Trained with
edge-oriented blocks (ECB). LR sides of at least 15 (ESA).
"""

from torch import nn

from resolute.models import register_model
from resolute.models.blocks.convolution import conv1
from resolute.models.blocks.local_features import RLFB, slim_esa
from resolute.models.blocks.post_upsampling import PostUpsampling
from resolute.models.blocks.reparameterised import convolution
from resolute.models.blocks.written_norm import WrittenNorm


@register_model
class RCN(PostUpsampling):
    """Normed residual local feature blocks; `conv` is the kind of their 3x3 convolutions."""

    def __init__(
        self, scale: float = 4, width: int = 40, blocks: int = 4, esa_width: int = 16, conv: str = "plain"
    ) -> None:
        make = convolution(conv)

        def block() -> nn.Sequential:
            fuse = nn.Sequential(WrittenNorm(width, eps=1e-6), conv1(width, width))
            layers = (make(width, width) for _ in range(3))
            return nn.Sequential(
                WrittenNorm(width, eps=1e-6), RLFB(layers, fuse, slim_esa(width, esa_width), nn.GELU())
            )

        super().__init__(width, (block() for _ in range(blocks)), scale)

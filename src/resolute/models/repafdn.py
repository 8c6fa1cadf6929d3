"""RePAFDN, "Re-parameterized Pixel Attention Feature Distillation Network".

NTIRE 2022 challenge report, section 4.8 and Table 1, row Super. Data range 0..1. Peculiar: the first three blocks
have two steps and keep half of the channels, the last has three and keeps a quarter; pixel attention after the trunk
convolution, before the skip. The identities of the refining steps are folded into their convolutions. LR sides of at
least 15 (ESA).
"""

from torch import nn

from resolute.models import register_model
from resolute.models.blocks.attention import ESA, PixelAttention
from resolute.models.blocks.convolution import conv3
from resolute.models.blocks.distillation import RFDB
from resolute.models.blocks.post_upsampling import PostUpsampling, fusion
from resolute.models.blocks.reparameterised import convolution


@register_model
class RePAFDN(PostUpsampling):
    """Short distillation blocks, a longer one at the end; `conv` is the kind of their refining convolutions."""

    def __init__(
        self, scale: float = 4, width: int = 48, blocks: int = 4, esa_width: int = 12, conv: str = "plain"
    ) -> None:
        make = convolution(conv)

        def block(kept: int, steps: int) -> RFDB:
            refine = [make(width, width) for _ in range(steps)]
            return RFDB(width, kept, ESA(width, esa_width), refine, residual=False)

        chain = [block(width // 2, 2) for _ in range(blocks - 1)] + [block(width // 4, 3)]
        trunk = nn.Sequential(conv3(width, width), PixelAttention(width))
        super().__init__(width, chain, scale, fuse=fusion(blocks, width), trunk=trunk)

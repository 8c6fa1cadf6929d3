"""IMDN, the paper's network and the NTIRE 2022 challenge's baseline.

Paper: Hui et al., "Lightweight Image Super-Resolution with Information Multi-distillation Network", ACM MM
2019. The simplified form without channel attention and without fusion of the blocks' outputs won the AIM 2019
constrained SR challenge; it is the default. NTIRE 2022 Table 1, rows IMDN_baseline and xilinxSR (7 blocks, whose
convolutions are collapsed from parallel ones). Data range 0..1. Any input size works.
"""

from resolute.models import register_model
from resolute.models.blocks.attention import ContrastAttention
from resolute.models.blocks.distillation import IMDB
from resolute.models.blocks.post_upsampling import PostUpsampling, fusion
from resolute.models.blocks.reparameterised import convolution

REDUCTION = 16


@register_model
class IMDN(PostUpsampling):
    """A chain of information multi-distillation blocks at LR size.

    Args:
        scale: the enlargement.
        width: channels between the blocks.
        kept: channels that every step of a block keeps.
        blocks: how many blocks.
        conv: kind of the 3x3 convolutions of the blocks.
        image_skip: add the bilinearly enlarged input to the output.
        full: the paper's form, with channel attention in the blocks and a fusion of their outputs.
    """

    def __init__(
        self,
        scale: float = 4,
        width: int = 64,
        kept: int = 16,
        blocks: int = 8,
        conv: str = "plain",
        image_skip: bool = False,
        full: bool = False,
    ) -> None:
        def block() -> IMDB:
            attention = ContrastAttention(4 * kept, 4 * kept // REDUCTION) if full else None
            return IMDB(width, kept, convolution(conv), attention)

        fuse = fusion(blocks, width) if full else None
        super().__init__(width, (block() for _ in range(blocks)), scale, image_skip, fuse=fuse)

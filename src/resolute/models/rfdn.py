"""RFDN, winner of the AIM 2020 efficient SR challenge, and its nearest relatives.

Paper: Liu et al., "Residual Feature Distillation Network for Lightweight Image Super-Resolution", ECCV
Workshops 2020. NTIRE 2022 Table 1, rows "RFDN AIM2020 Winner", TieGuoDun Team (trained anew), MegSR (pruned),
Bilibili AI (re-parameterised), whu_sigma (dilated) and NTU607QCO-ESR (no shortcut in ESA). Peculiar: the released
network ignores its distillation-rate argument and keeps half of the channels. LR sides of at least 15 (ESA).
"""

from collections.abc import Sequence

from resolute.models import register_model
from resolute.models.blocks.attention import ESA
from resolute.models.blocks.convolution import conv3
from resolute.models.blocks.distillation import RFDB
from resolute.models.blocks.post_upsampling import PostUpsampling, fusion
from resolute.models.blocks.reparameterised import convolution


@register_model
class RFDN(PostUpsampling):
    """Residual feature distillation blocks whose outputs are all fused before the trunk convolution.

    Args:
        scale: the enlargement, an integer.
        width: channels between the blocks.
        kept: channels of every distillate.
        blocks: how many blocks.
        esa_width: channels inside ESA.
        esa_shortcut: whether ESA has its pointwise shortcut layer.
        residual: whether the refining convolutions have a skip.
        conv: kind of the 3x3 convolutions of the blocks.
        dilations: of the refining convolutions; a dilated one is plain.
        image_skip: add the bilinearly enlarged input to the output.
    """

    def __init__(
        self,
        scale: float = 4,
        width: int = 50,
        kept: int = 25,
        blocks: int = 4,
        esa_width: int = 12,
        esa_shortcut: bool = True,
        residual: bool = True,
        conv: str = "plain",
        dilations: Sequence[int] = (1, 1, 1),
        image_skip: bool = False,
    ) -> None:
        make = convolution(conv)

        def block() -> RFDB:
            attention = ESA(width, esa_width, shortcut=esa_shortcut)
            refine = [make(width, width) if step == 1 else conv3(width, width, step) for step in dilations]
            return RFDB(width, kept, attention, refine, residual, last=make)

        super().__init__(width, (block() for _ in range(blocks)), scale, image_skip, fuse=fusion(blocks, width))

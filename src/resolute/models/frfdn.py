"""FasterRFDN, "Faster Residual Feature Distillation Network for Efficient Super Resolution".

NTIRE 2022 challenge report, section 4.14 and Table 1, row TOVBU. Data range 0..1. Peculiar: from the second step of a
block on it is the distillate that is refined, so the features narrow as the distillates do; the last convolution has
a residual too. LR sides of at least 15 (ESA).
"""

from collections.abc import Sequence

from torch import Tensor

from resolute.models import register_model
from resolute.models.blocks.attention import ESA
from resolute.models.blocks.convolution import conv3
from resolute.models.blocks.distillation import RFDB
from resolute.models.blocks.post_upsampling import PostUpsampling, fusion
from resolute.models.blocks.residual import Residual


class FRFDB(RFDB):
    """Faster residual feature distillation block.

    Args:
        width: channels of the input and output.
        kept: channels of the distillate of every step.
        esa_width: channels inside ESA.
    """

    def __init__(self, width: int, kept: Sequence[int], esa_width: int) -> None:
        refined = (width, *kept[1:])
        super().__init__(
            width,
            (*kept, kept[-1]),
            ESA(width, esa_width),
            [conv3(channels, channels) for channels in refined],
            last=lambda inputs, outputs: Residual(conv3(inputs, outputs)),
            reads=(width, *refined),
        )

    def refined(self, step: int, x: Tensor, distillates: list[Tensor]) -> Tensor:
        return super().refined(step, distillates[-1] if step else x, distillates)


@register_model
class FasterRFDN(PostUpsampling):
    """Narrowing distillation blocks whose outputs are all fused before the trunk convolution."""

    def __init__(
        self,
        scale: float = 4,
        width: int = 64,
        kept: Sequence[int] = (32, 32, 16),
        blocks: int = 4,
        esa_width: int = 16,
    ) -> None:
        chain = (FRFDB(width, kept, esa_width) for _ in range(blocks))
        super().__init__(width, chain, scale, fuse=fusion(blocks, width))

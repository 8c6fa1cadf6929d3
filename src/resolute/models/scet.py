"""SCET, the self-calibrated efficient transformer.

Paper: Zou et al., "Self-Calibrated Efficient Transformer for Lightweight Super-Resolution", CVPR Workshops 2022,
arXiv 2204.08913. NTIRE 2022 Table 1, row Giantpandacv. Data range 0..1. Peculiar: one transformer block at the end of
the chain, which attends across channels over the whole image; the shallow features have a tail of their own. Takes
any size.
"""

from torch import Tensor, nn

from resolute.models import register_model
from resolute.models.blocks.attention import SCPA
from resolute.models.blocks.convolution import conv3
from resolute.models.blocks.restormer import RestormerBlock


@register_model
class SCET(nn.Module):
    """Self-calibrated blocks and transformer blocks; deep and shallow features are enlarged each for itself.

    Args:
        scale: the enlargement, an integer whose square divides the width.
        width: channels between head and tail.
        blocks: self-calibrated blocks.
        transformers: transformer blocks after them.
        heads: of their attention.
        expansion: of their feed-forward network.
    """

    def __init__(
        self,
        scale: float = 4,
        width: int = 64,
        blocks: int = 16,
        transformers: int = 1,
        heads: int = 8,
        expansion: float = 2.66,
    ) -> None:
        super().__init__()
        self.head = conv3(3, width)
        self.body = nn.Sequential(*(SCPA(width) for _ in range(blocks)))
        self.transformer = nn.Sequential(
            *(RestormerBlock(width, heads, int(expansion * width)) for _ in range(transformers))
        )

        def enlarging() -> list[nn.Module]:
            return [nn.PixelShuffle(int(scale)), conv3(width // int(scale) ** 2, 3)]

        self.tail = nn.Sequential(conv3(width, width), *enlarging())
        self.shallow_tail = nn.Sequential(*enlarging())

    def forward(self, lr: Tensor) -> Tensor:
        shallow = self.head(lr)
        return self.tail(self.transformer(self.body(shallow))) + self.shallow_tail(shallow)

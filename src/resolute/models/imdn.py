"""IMDN as the NTIRE 2022 challenge's baseline has it.

Paper: Hui et al., "Lightweight Image Super-Resolution with Information Multi-distillation Network", ACM MM
2019; the simplified form without channel attention and without fusion of the blocks' outputs won the AIM 2019
constrained SR challenge. NTIRE 2022 Table 1, rows IMDN_baseline and xilinxSR (7 blocks). Data range 0..1.
Any input size works.
"""

from resolute.models import register_model
from resolute.models.blocks.distillation import IMDB
from resolute.models.blocks.frame import LRFrame


@register_model
class IMDN(LRFrame):
    """A chain of information multi-distillation blocks in the LR frame."""

    def __init__(
        self, scale: float = 4, width: int = 64, kept: int = 16, blocks: int = 8, image_skip: bool = False
    ) -> None:
        super().__init__(width, (IMDB(width, kept) for _ in range(blocks)), scale, image_skip)

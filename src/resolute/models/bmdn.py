"""BMDN, "Branch Mixed Distillation Network for Efficient Super-Resolution".

NTIRE 2022 Table 1, row NWPU_SweetDreamLab; the challenge report has no section on it. Data range 0..1. Peculiar: ReLU
everywhere; a step's distillate, through a 3x3 convolution, also joins what is refined; the first step halves the
width and so has no residual. LR sides of at least 15 (ESA).
"""

from torch import Tensor, nn

from resolute.models import register_model
from resolute.models.blocks.attention import ESA
from resolute.models.blocks.convolution import conv3
from resolute.models.blocks.distillation import RFDB
from resolute.models.blocks.post_upsampling import PostUpsampling, fusion


class BMDB(RFDB):
    """Branch mixed distillation block."""

    def __init__(self, width: int, kept: int, esa_width: int) -> None:
        reads = (width, kept, kept, kept)
        refine = [conv3(channels, kept) for channels in reads[:-1]]
        super().__init__(width, kept, ESA(width, esa_width), refine, activation=nn.ReLU(), reads=reads)
        self.mix = nn.ModuleList(conv3(kept, kept) for _ in refine)

    def refined(self, step: int, x: Tensor, distillates: list[Tensor]) -> Tensor:
        refined = self.refine[step](x) + self.mix[step](distillates[-1])
        return self.activation(refined + x if step else refined)


@register_model
class BMDN(PostUpsampling):
    """Branch mixed distillation blocks whose outputs are all fused before the trunk convolution."""

    def __init__(self, scale: float = 4, width: int = 40, kept: int = 20, blocks: int = 4, esa_width: int = 10) -> None:
        chain = (BMDB(width, kept, esa_width) for _ in range(blocks))
        super().__init__(width, chain, scale, fuse=fusion(blocks, width, nn.ReLU()))

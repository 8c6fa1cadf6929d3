"""ARFDN, "Asymmetric Residual Feature Distillation Network".

NTIRE 2022 challenge report, section 4.6 and Table 1, row HiImageTeam. Data range 0..1. Peculiar: a step refines by
3x1 and 1x3 convolutions in both orders and adds all distillates so far; the first one halves the width and so has no
residual; the slope after the fusion of the blocks is 0.1. LR sides of at least 15 (ESA).
"""

from torch import Tensor, nn

from resolute.models import register_model
from resolute.models.blocks.attention import ESA
from resolute.models.blocks.convolution import conv, leaky_relu
from resolute.models.blocks.distillation import RFDB
from resolute.models.blocks.post_upsampling import PostUpsampling, fusion


class Asymmetric(nn.Module):
    """The sum of two ways to see 3x3 pixels: by a column and then a row, and by a row and then a column."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        column, row = (3, 1), (1, 3)
        self.column_first = nn.Sequential(conv(inputs, outputs, column), leaky_relu(), conv(outputs, outputs, row))
        self.row_first = nn.Sequential(conv(inputs, outputs, row), leaky_relu(), conv(outputs, outputs, column))

    def forward(self, x: Tensor) -> Tensor:
        return self.column_first(x) + self.row_first(x)


class ARFDB(RFDB):
    """Asymmetric residual feature distillation block."""

    def __init__(self, width: int, kept: int, esa_width: int) -> None:
        reads = (width, kept, kept, kept)
        refine = [Asymmetric(channels, kept) for channels in reads[:-1]]
        super().__init__(width, kept, ESA(width, esa_width), refine, reads=reads)

    def refined(self, step: int, x: Tensor, distillates: list[Tensor]) -> Tensor:
        refined = sum(distillates, start=self.refine[step](x))
        return self.activation(refined + x if step else refined)


@register_model
class ARFDN(PostUpsampling):
    """Asymmetric distillation blocks whose outputs are all fused before the trunk convolution."""

    def __init__(self, scale: float = 4, width: int = 50, kept: int = 25, blocks: int = 4, esa_width: int = 12) -> None:
        chain = (ARFDB(width, kept, esa_width) for _ in range(blocks))
        super().__init__(width, chain, scale, fuse=fusion(blocks, width, leaky_relu(0.1)))

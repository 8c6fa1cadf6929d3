"""SAFMN++, team VPEG_O's network: SAFMN with 3x3 convolutions in place of norms, a third of its channels modulated.

NTIRE 2024 Table 1, row VPEG_O (Amazingren/NTIRE2024_ESR, models/team23_safmnpp.py; sunny2109/SAFMN). Data range 0..1.
Peculiar: nothing is normed and modulation is quadratic in the features, so that images of full contrast alone, such as
noise, drive the output to any size. The cells divide the whole image. LR sides of at least 8.
"""

from torch import Tensor, nn

from resolute.models import register_model
from resolute.models.blocks.convolution import conv1, conv3
from resolute.models.blocks.modulation import PartialSAFM
from resolute.models.blocks.post_upsampling import PixelShuffleTail, enlarge
from resolute.models.blocks.residual import Residual


@register_model
class SAFMNPlusPlus(nn.Module):
    """Blocks of a modulation and a channel mixer; the tail's output is added to the enlarged image.

    Args:
        scale: the enlargement, an integer.
        width: channels between the blocks.
        blocks: how many blocks.
        hidden: channels inside the mixers.
        modulated: channels that are modulated.
        bias: of the convolutions but the depthwise ones, which have none.
    """

    def __init__(
        self,
        scale: float = 4,
        width: int = 36,
        blocks: int = 6,
        hidden: int = 54,
        modulated: int = 12,
        bias: bool = False,
    ) -> None:
        super().__init__()

        def block() -> Residual:
            return Residual(
                PartialSAFM(width, modulated, bias),
                conv3(width, hidden, bias=bias),
                nn.GELU(),
                conv1(hidden, width, bias=bias),
            )

        self.scale = int(scale)
        self.head = conv3(3, width, bias=bias)
        self.body = nn.Sequential(*(block() for _ in range(blocks)))
        self.tail = PixelShuffleTail(width, scale, conv3(width, 3 * self.scale**2, bias=bias))

    def forward(self, lr: Tensor) -> Tensor:
        return self.tail(self.body(self.head(lr))) + enlarge(lr, self.scale)

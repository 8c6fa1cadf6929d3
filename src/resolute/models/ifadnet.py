"""IFADNet, team ECNU_MViC's network, and LSANet, team MViC_SR's: separable blocks without attention between full ones.

"Intermittent Feature Aggregation with Distillation for Efficient Super-Resolution" (the title in the file); NTIRE 2024
Table 1 (Amazingren/NTIRE2024_ESR, models/team33_IFADNet.py, models/team44_LSANet.py). Data range 0..1. Peculiar:
separable convolutions pad by reflection, the others with zeros; fvcore does not count the head, whose padding is given
as a word. Full convolutions are trained with edge-oriented blocks (ECB). LR sides of at least 15 (ESA).
"""

from torch import nn

from resolute.models import register_model
from resolute.models.blocks.attention import slim_esa
from resolute.models.blocks.convolution import ConvFactory, conv1
from resolute.models.blocks.post_upsampling import MeanFree, fusion
from resolute.models.blocks.reflected import reflected_bsconv
from resolute.models.blocks.reparameterised import convolution
from resolute.models.blocks.residual import Residual


@register_model
class IFADNet(MeanFree):
    """Residual blocks of three convolutions, in turn separable ones and full ones under ESA, whose outputs are fused.

    Args:
        scale: the enlargement, an integer.
        width: channels of all layers.
        blocks: how many blocks.
        esa_width: channels inside ESA.
        lsanet: the first convolution of every block is separable and so is the trunk, and ESA reads a 1x1 convolution.
        conv: kind of the full 3x3 convolutions.
    """

    def __init__(
        self,
        scale: float = 4,
        width: int = 36,
        blocks: int = 6,
        esa_width: int = 16,
        lsanet: bool = False,
        conv: str = "plain",
    ) -> None:
        def block(full: bool) -> Residual:
            later: ConvFactory = convolution(conv) if full else reflected_bsconv
            first = reflected_bsconv if lsanet else later
            layers = [layer for make in (first, later, later) for layer in (make(width, width), nn.GELU())]
            if full and lsanet:
                layers.append(conv1(width, width))
            return Residual(*layers, *([slim_esa(width, esa_width)] if full else []))

        super().__init__(
            width,
            (block(number % 2 == 1) for number in range(blocks)),
            scale,
            head=nn.Conv2d(3, width, 3, padding="same"),
            fuse=fusion(blocks, width, nn.GELU()),
            trunk=reflected_bsconv(width, width) if lsanet else nn.Identity(),
        )

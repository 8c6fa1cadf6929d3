"""IFADNet, team ECNU_MViC's network, and LSANet, team MViC_SR's: separable blocks without attention between full ones.

"Intermittent Feature Aggregation with Distillation for Efficient Super-Resolution" (the title in the file); NTIRE 2024
Table 1 (Amazingren/NTIRE2024_ESR, models/team33_IFADNet.py, models/team44_LSANet.py). Data range 0..1. Peculiar:
separable convolutions pad by reflection, the others with zeros; fvcore does not count the head, whose padding is given
as a word. Full convolutions are trained with edge-oriented blocks (ECB). LR sides of at least 15 (ESA).
"""

import torch
from torch import Tensor, nn

from resolute.models import register_model
from resolute.models.blocks.centred import CentredPostUpsampling
from resolute.models.blocks.convolution import ConvFactory, conv1, conv3
from resolute.models.blocks.local_features import slim_esa
from resolute.models.blocks.post_upsampling import fusion
from resolute.models.blocks.reparameterised import BRANCHES, EDGE_MASKS, Branch, Reparameterised
from resolute.models.blocks.residual import Residual
from resolute.models.blocks.variance import reflected_bsconv


class ExpandWithoutBias(Branch):
    """A 1x1 convolution to twice the channels, then a 3x3 one, neither with a bias."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.expand = conv1(inputs, 2 * outputs, bias=False)
        self.conv = conv3(2 * outputs, outputs, bias=False)

    def forward(self) -> tuple[Tensor, Tensor]:
        kernel = torch.einsum("omxy,mi->oixy", self.conv.weight, self.expand.weight[:, :, 0, 0])
        return kernel, kernel.new_zeros(len(kernel))


def _trained(inputs: int, outputs: int) -> Reparameterised:
    others = [BRANCHES[name](inputs, outputs) for name in ("3x3", *EDGE_MASKS, "identity")]
    return Reparameterised([*others, ExpandWithoutBias(inputs, outputs)])


@register_model
class IFADNet(CentredPostUpsampling):
    """Residual blocks of three convolutions, in turn separable ones and full ones under ESA, whose outputs are fused.

    Args:
        scale: the enlargement, an integer.
        width: channels of all layers.
        blocks: how many blocks.
        esa_width: channels inside ESA.
        lsanet: the first convolution of every block is separable and so is the trunk, and ESA reads a 1x1 convolution.
        reparameterised: the form that is trained.
    """

    def __init__(
        self,
        scale: float = 4,
        width: int = 36,
        blocks: int = 6,
        esa_width: int = 16,
        lsanet: bool = False,
        reparameterised: bool = False,
    ) -> None:
        def block(full: bool) -> Residual:
            later: ConvFactory = (_trained if reparameterised else conv3) if full else reflected_bsconv
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

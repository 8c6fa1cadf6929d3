"""SMRN, team LeESR's network: RLFN with GELU, two of three convolutions of a block blueprint separable.

NTIRE 2024 Table 1, row LeESR (Amazingren/NTIRE2024_ESR, models/team10_SMRN.py). Data range 0..1. Peculiar: works on the
image without the mean colour, so that it is padded with that. LR sides of at least 15 (ESA).
"""

from functools import partial

from torch import nn

from resolute.models import register_model
from resolute.models.blocks.centred import CentredPostUpsampling
from resolute.models.blocks.convolution import conv1, conv3
from resolute.models.blocks.local_features import RLFB, slim_esa
from resolute.models.blocks.pointwise import BSConv

pointwise = partial(conv1, bias=False)
separable = partial(BSConv, pointwise=pointwise)


@register_model
class SMRN(CentredPostUpsampling):
    """Residual local feature blocks with a full convolution between two separable ones."""

    def __init__(self, scale: float = 4, width: int = 48, blocks: int = 4, esa_width: int = 16) -> None:
        def block() -> RLFB:
            layers = (separable(width, width), conv3(width, width, bias=False), separable(width, width))
            return RLFB(layers, pointwise(width, width), slim_esa(width, esa_width), nn.GELU())

        super().__init__(
            width,
            (block() for _ in range(blocks)),
            scale,
            head=conv3(3, width, bias=False),
            trunk=separable(width, width),
        )

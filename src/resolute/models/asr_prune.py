"""ASR_Prune, team AdvancedSR's network: RLFN with three kernels pruned to 1x1 and hardly a bias.

NTIRE 2024 Table 1, row AdvancedSR (Amazingren/NTIRE2024_ESR, models/team17_AdvancedSR.py). Data range 0..255. Peculiar:
the middle convolution of the last block, the trunk and the tail see single pixels; of the convolutions outside ESA the
head alone has a bias. LR sides of at least 15 (ESA).
"""

from functools import partial

from resolute.models import register_model
from resolute.models.blocks.convolution import conv1, conv3
from resolute.models.blocks.local_features import RLFB, slim_esa
from resolute.models.blocks.post_upsampling import PixelShuffleTail, PostUpsampling

pointwise = partial(conv1, bias=False)
conv = partial(conv3, bias=False)


@register_model
class ASRPrune(PostUpsampling):
    """Residual local feature blocks of `width` channels, and `inner_width` inside them, the last of them pruned."""

    def __init__(
        self, scale: float = 4, width: int = 46, inner_width: int = 48, blocks: int = 4, esa_width: int = 16
    ) -> None:
        def block(pruned: bool) -> RLFB:
            middle = (pointwise if pruned else conv)(inner_width, inner_width)
            layers = (conv(width, inner_width), middle, conv(inner_width, width))
            return RLFB(layers, pointwise(width, width), slim_esa(width, esa_width))

        super().__init__(
            width,
            (block(number == blocks - 1) for number in range(blocks)),
            scale,
            trunk=pointwise(width, width),
            tail=PixelShuffleTail(width, scale, pointwise(width, 3 * int(scale) ** 2)),
        )

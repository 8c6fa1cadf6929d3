"""CL-RFDN, "Collapsible Lightweight Residual Feature Distillation Network".

NTIRE 2022 Table 1, row VAP; the challenge report has no section on it, the training form is that of the released
model file. Data range 0..255. Peculiar: SiLU twice on the last distillate, a PReLU of one slope after the fusion, no
trunk convolution. Every 3x3 convolution but the tail's is trained as a linear pair of 256 channels. LR sides of at
least 15 (ESA).
"""

from torch import nn

from resolute.models import register_model
from resolute.models.blocks.attention import ESA
from resolute.models.blocks.distillation import RFDB
from resolute.models.blocks.post_upsampling import PostUpsampling, fusion
from resolute.models.blocks.reparameterised import convolution


@register_model
class CLRFDN(PostUpsampling):
    """SiLU-activated distillation blocks without residuals; `conv` is the kind of the 3x3 convolutions."""

    def __init__(
        self,
        scale: float = 4,
        width: int = 32,
        kept: int = 16,
        blocks: int = 4,
        esa_width: int = 8,
        conv: str = "plain",
    ) -> None:
        make = convolution(conv)

        def block() -> RFDB:
            return RFDB(
                width,
                kept,
                ESA(width, esa_width),
                refine=[make(width, width) for _ in range(3)],
                residual=False,
                last=lambda inputs, outputs: nn.Sequential(make(inputs, outputs), nn.SiLU()),
                activation=nn.SiLU(),
            )

        super().__init__(
            width,
            (block() for _ in range(blocks)),
            scale,
            head=make(3, width),
            fuse=fusion(blocks, width, nn.PReLU()),
            trunk=nn.Identity(),
        )

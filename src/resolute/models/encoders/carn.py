"""CARN's body as PCSR has it: cascades at LR size, without mean shifts and upsampler, with norms in the fusions.

Papers: Ahn et al., ECCV 2018, the mobile form; Jeong et al., PCSR, ECCV 2024.
"""

from torch import Tensor

from resolute.models import register_model
from resolute.models.blocks.cascade import cascade_of_cascades
from resolute.models.blocks.convolution import conv3
from resolute.models.blocks.encoder import Encoder


@register_model
class CARN(Encoder):
    """A cascade of cascades: N x 3 x h x w to N x width x h x w."""

    def __init__(self, width: int = 52, groups: int = 4) -> None:
        super().__init__()
        self.width = width
        self.head = conv3(3, width)
        self.body = cascade_of_cascades(width, groups, norm=True)

    def forward(self, lr: Tensor) -> Tensor:
        return self.body(self.head(lr))

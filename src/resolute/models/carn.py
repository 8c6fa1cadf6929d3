"""CARN as ClassSR and ARM have it: the network of CARN-M for one scale.

Paper: "Fast, Accurate, and Lightweight Super-Resolution with Cascading Residual Network", Ahn et al., ECCV 2018, the
mobile form; in ClassSR (Kong et al., CVPR 2021) and ARM (Chen et al., ECCV 2022) of 36, 52 or 64 channels. Data range
0..1. Peculiar: the three residual units of a cascade share their weights. Any input size works.
"""

from functools import partial

from torch import Tensor, nn

from resolute.models import register_model
from resolute.models.blocks.cascade import cascade_of_cascades
from resolute.models.blocks.convolution import conv3
from resolute.models.blocks.normalisation import DIV2K_MEAN, MeanShift
from resolute.models.blocks.upsampler import upsampler


@register_model
class CARN(nn.Module):
    """A cascade of cascades at LR size, and an upsampler."""

    def __init__(self, scale: float = 4, width: int = 64, groups: int = 4) -> None:
        super().__init__()
        self.subtract = MeanShift([-mean for mean in DIV2K_MEAN])
        self.head = conv3(3, width)
        self.body = cascade_of_cascades(width, groups)
        self.enlarge = upsampler(width, scale, nn.ReLU, partial(conv3, groups=groups))
        self.tail = conv3(width, 3)
        self.add = MeanShift(DIV2K_MEAN)

    def forward(self, lr: Tensor) -> Tensor:
        features = self.body(self.head(self.subtract(lr)))
        return self.add(self.tail(self.enlarge(features)))

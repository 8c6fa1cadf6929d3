"""CARN-M, "Fast, Accurate, and Lightweight Super-Resolution with Cascading Residual Network".

Paper: Ahn et al., ECCV 2018, the mobile form. Data range 0..1. Peculiar: one network for x2, x3 and x4, with an
upsampler for each, all of which its parameter counts include; blocks share the weights of their three residual
blocks. Any input size works.
"""

from functools import partial

from torch import Tensor, nn

from resolute.models import register_model
from resolute.models.blocks.cascade import cascade_of_cascades
from resolute.models.blocks.convolution import conv3
from resolute.models.blocks.normalisation import DIV2K_MEAN, MeanShift
from resolute.models.blocks.upsampler import upsampler

SCALES = (2, 3, 4)


@register_model
class CARNM(nn.Module):
    """A cascade of cascades at LR size, with an upsampler for every scale."""

    def __init__(self, scale: float = 4, width: int = 64, groups: int = 4) -> None:
        super().__init__()
        self.scale = str(int(scale))
        self.subtract = MeanShift([-mean for mean in DIV2K_MEAN])
        self.head = conv3(3, width)
        self.body = cascade_of_cascades(width, groups)
        grouped = partial(conv3, groups=groups)
        self.enlarge = nn.ModuleDict({str(one): upsampler(width, one, nn.ReLU, grouped) for one in SCALES})
        self.tail = conv3(width, 3)
        self.add = MeanShift(DIV2K_MEAN)

    def at(self, scale: int) -> "CARNM":
        """The network itself, which from now on enlarges by a scale."""
        self.scale = str(scale)
        return self

    def forward(self, lr: Tensor) -> Tensor:
        features = self.body(self.head(self.subtract(lr)))
        return self.add(self.tail(self.enlarge[self.scale](features)))

"""FSRCNN as ClassSR and ARM have it, "Accelerating the Super-Resolution Convolutional Neural Network".

Paper: Dong et al., ECCV 2016; in ClassSR (Kong et al., CVPR 2021) and ARM (Chen et al., ECCV 2022) of 16, 36 or 56
channels. Data range 0..1. Peculiar: RGB, not luma; one slope in every PReLU; no activation between the 3x3
convolutions; no skip from the input. Any input size works.
"""

from torch import Tensor, nn

from resolute.models import register_model
from resolute.models.encoders import fsrcnn


@register_model
class FSRCNN(fsrcnn.FSRCNN):
    """The features of its encoder, enlarged by a transposed convolution."""

    def __init__(self, scale: float = 4, width: int = 56, narrow: int = 12, depth: int = 4) -> None:
        super().__init__(width, narrow, depth)
        self.tail = _enlarging(width, int(scale))

    def forward(self, lr: Tensor) -> Tensor:
        return self.tail(super().forward(lr))


def _enlarging(width: int, scale: int) -> nn.ConvTranspose2d:
    """A transposed 9x9 convolution to RGB, padded so that the sides become exactly `scale` times as long."""
    padding = (10 - scale) // 2
    return nn.ConvTranspose2d(width, 3, 9, scale, padding, output_padding=2 * padding + scale - 9)

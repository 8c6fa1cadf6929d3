"""FSRCNN as ClassSR and ARM have it, "Accelerating the Super-Resolution Convolutional Neural Network".

Paper: Dong et al., ECCV 2016; in ClassSR (Kong et al., CVPR 2021) and ARM (Chen et al., ECCV 2022) of 16, 36 or 56
channels. Data range 0..1. Peculiar: RGB, not luma; one slope in every PReLU; no activation between the 3x3
convolutions; no skip from the input. Any input size works.
"""

from torch import Tensor, nn

from resolute.models import register_model
from resolute.models.blocks.convolution import conv, conv1, conv3


@register_model
class FSRCNN(nn.Module):
    """Shrinks the channels for a chain of 3x3 convolutions, and enlarges by a transposed convolution.

    Args:
        width: channels of the first and of the last map.
        narrow: channels of the chain.
        depth: its convolutions.
    """

    def __init__(self, scale: float = 4, width: int = 56, narrow: int = 12, depth: int = 4) -> None:
        super().__init__()
        self.head = nn.Sequential(conv(3, width, 5), nn.PReLU())
        self.shrink = nn.Sequential(conv1(width, narrow), nn.PReLU())
        self.chain = nn.Sequential(*(conv3(narrow, narrow) for _ in range(depth)), nn.PReLU())
        self.expand = nn.Sequential(conv1(narrow, width), nn.PReLU())
        self.tail = _enlarging(width, int(scale))

    def forward(self, lr: Tensor) -> Tensor:
        return self.tail(self.expand(self.chain(self.shrink(self.head(lr)))))


def _enlarging(width: int, scale: int) -> nn.ConvTranspose2d:
    """A transposed 9x9 convolution to RGB, padded so that the sides become exactly `scale` times as long."""
    padding = (10 - scale) // 2
    return nn.ConvTranspose2d(width, 3, 9, scale, padding, output_padding=2 * padding + scale - 9)

"""FSRCNN up to its transposed convolution, "Accelerating the Super-Resolution Convolutional Neural Network".

Paper: Dong et al., ECCV 2016; as ClassSR, ARM and PCSR have it, see `resolute.models.fsrcnn`.
"""

from torch import Tensor, nn

from resolute.models import register_model
from resolute.models.blocks.convolution import conv, conv1, conv3
from resolute.models.blocks.encoder import Encoder


@register_model
class FSRCNN(Encoder):
    """Shrinks the channels for a chain of 3x3 convolutions: N x 3 x h x w to N x width x h x w.

    Args:
        width: channels of the first and of the last map.
        narrow: channels of the chain.
        depth: its convolutions.
    """

    def __init__(self, width: int = 48, narrow: int = 12, depth: int = 4) -> None:
        super().__init__()
        self.width = width
        self.head = nn.Sequential(conv(3, width, 5), nn.PReLU())
        self.shrink = nn.Sequential(conv1(width, narrow), nn.PReLU())
        self.chain = nn.Sequential(*(conv3(narrow, narrow) for _ in range(depth)), nn.PReLU())
        self.expand = nn.Sequential(conv1(narrow, width), nn.PReLU())

    def forward(self, lr: Tensor) -> Tensor:
        return self.expand(self.chain(self.shrink(self.head(lr))))

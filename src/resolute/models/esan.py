"""ESAN, "Double Branch Network With Enhanced Spatial Attention".

NTIRE 2022 Table 1, row Dragon; the challenge report has no section on it. Data range 0..255. Peculiar: a shallow and
a deep branch that meet only in the enlarged image, no long skip of features; ESA without its shortcut layer. LR sides
of at least 15 (ESA).
"""

from torch import Tensor, nn
from torch.nn import functional

from resolute.models import register_model
from resolute.models.blocks.attention import ESA
from resolute.models.blocks.convolution import conv3
from resolute.models.blocks.post_upsampling import PixelShuffleTail


class AttendedResidual(nn.Module):
    """Two 3x3 convolutions with a ReLU between them, then attention, added to the input.

    That ReLU is a function, not a layer, because the challenge did not count it.
    """

    def __init__(self, width: int, esa_width: int) -> None:
        super().__init__()
        self.conv1 = conv3(width, width)
        self.conv2 = conv3(width, width)
        self.attention = ESA(width, esa_width, shortcut=False)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.attention(self.conv2(functional.relu(self.conv1(x))))


@register_model
class ESAN(nn.Module):
    """The image enlarged by one learnt convolution, plus what a chain of residual blocks adds to it."""

    def __init__(self, scale: float = 4, width: int = 32, blocks: int = 16, esa_width: int = 8) -> None:
        super().__init__()
        self.shallow = PixelShuffleTail(3, scale)
        self.head = conv3(3, width)
        self.body = nn.Sequential(*(AttendedResidual(width, esa_width) for _ in range(blocks)))
        self.tail = PixelShuffleTail(width, scale)

    def forward(self, lr: Tensor) -> Tensor:
        return self.shallow(lr) + self.tail(self.body(self.head(lr)))

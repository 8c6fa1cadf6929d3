"""NASNetBN of team neptune: an SRResNet whose blocks seem to have been searched for.

NTIRE 2022 Table 1, row neptune; the challenge report has no section on it. Data range 0..1. Peculiar: batch norm after
every convolution of the blocks, in the released form too; no skip over the chain of blocks; two steps of pixel shuffle
by 2 and two convolutions at the full resolution, x4 only; the enlarged input is added. Any input size works.
"""

from collections.abc import Callable, Sequence

from torch import Tensor, nn
from torch.nn import functional

from resolute.core.errors import ResoluteError, nearest
from resolute.models import register_model
from resolute.models.blocks.convolution import conv1, conv3, depthwise, leaky_relu
from resolute.models.blocks.post_upsampling import enlarge
from resolute.models.blocks.residual import Residual

RELEASED = (
    *("leaky", "inverted6", "relu", "leaky", "leaky", "inverted3", "inverted6", "relu"),
    *("inverted3", "inverted3", "inverted3", "inverted3", "relu", "leaky", "leaky", "inverted6"),
)


class Rectifier(nn.Module):
    """ReLU as a function, as it was released: the challenge's counter, which sees layers alone, missed it."""

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(x)


def inverted(width: int, expansion: int) -> Residual:
    """The inverted residual of MobileNetV2 (Sandler et al., CVPR 2018): depthwise on `expansion` times the channels."""
    wide = expansion * width
    return Residual(
        *(conv1(width, wide, bias=False), nn.BatchNorm2d(wide), nn.ReLU6()),
        *(depthwise(wide, bias=False), nn.BatchNorm2d(wide), nn.ReLU6()),
        *(conv1(wide, width, bias=False), nn.BatchNorm2d(width)),
    )


def plain(width: int, activation: nn.Module) -> Residual:
    """The residual block of SRResNet (Ledig et al., CVPR 2017): two 3x3 convolutions."""
    return Residual(
        *(conv3(width, width), nn.BatchNorm2d(width), activation),
        *(conv3(width, width), nn.BatchNorm2d(width)),
    )


BLOCKS: dict[str, Callable[[int], nn.Module]] = {
    "inverted3": lambda width: inverted(width, 3),
    "inverted6": lambda width: inverted(width, 6),
    "relu": lambda width: plain(width, Rectifier()),
    "leaky": lambda width: plain(width, leaky_relu(0.2)),
}


@register_model
class NASNetBN(nn.Module):
    """Head, a chain of the named `blocks` (keys of `BLOCKS`), two doublings of the size, bilinear image skip."""

    def __init__(self, scale: float = 4, width: int = 32, blocks: Sequence[str] = RELEASED) -> None:
        super().__init__()
        for block in blocks:
            if block not in BLOCKS:
                raise ResoluteError(f"NASNetBN has no block '{block}': {nearest(block, BLOCKS)}")
        self.scale = scale
        self.head = nn.Sequential(conv3(3, width), leaky_relu(0.1))
        self.body = nn.Sequential(*(BLOCKS[block](width) for block in blocks))
        self.tail = nn.Sequential(
            *(conv3(width, 4 * width), nn.PixelShuffle(2), leaky_relu(0.1)),
            *(conv3(width, 4 * width), nn.PixelShuffle(2), leaky_relu(0.1)),
            *(conv3(width, width), leaky_relu(0.1), conv3(width, 3)),
        )

    def forward(self, lr: Tensor) -> Tensor:
        return self.tail(self.body(self.head(lr))) + enlarge(lr, self.scale)

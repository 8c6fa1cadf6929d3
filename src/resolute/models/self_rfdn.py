"""Self RFDN, "Self Residual Feature Distillation Network".

NTIRE 2022 Table 1, row Set5baby; the challenge report has no section on it. Data range 0..255. Peculiar: the refining
convolutions are separable, with a residual around the depthwise part alone; ESA shrinks by pixel unshuffle, and its
refining 1x1 convolution pads the coarse map by one pixel. LR sides of at least 14 (the pool).
"""

from torch import Tensor, nn
from torch.nn import functional

from resolute.models import register_model
from resolute.models.blocks.attention import ESA
from resolute.models.blocks.convolution import conv1, depthwise
from resolute.models.blocks.distillation import RFDB
from resolute.models.blocks.post_upsampling import PostUpsampling, fusion


class ResidualDepthwise(nn.Module):
    """A 3x3 convolution of every channel by itself, added to its input."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = depthwise(channels)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv(x)


class CroppedUnshuffle(nn.Module):
    """Pixel unshuffle by 2; the last row or column of an odd size is left out."""

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[-2:]
        return functional.pixel_unshuffle(x[..., : height // 2 * 2, : width // 2 * 2], 2)


def separable(width: int) -> nn.Sequential:
    """Twice a residual depthwise and a 1x1 convolution, with a ReLU between the two pairs."""
    first, second = (nn.Sequential(ResidualDepthwise(width), conv1(width, width)) for _ in range(2))
    return nn.Sequential(first, nn.ReLU(), second)


def unshuffling_esa(width: int, esa_width: int) -> ESA:
    """ESA that halves the size without losing pixels before it pools."""
    shrink = nn.Sequential(CroppedUnshuffle(), nn.MaxPool2d(7, stride=3), nn.ReLU())
    refine = nn.Sequential(nn.Conv2d(4 * esa_width, esa_width, 1, padding=1), nn.ReLU())
    return ESA(width, esa_width, shrink, refine)


@register_model
class SelfRFDN(PostUpsampling):
    """Separable distillation blocks whose outputs are all fused before the trunk convolution."""

    def __init__(self, scale: float = 4, width: int = 50, kept: int = 25, blocks: int = 4, esa_width: int = 12) -> None:
        def block() -> RFDB:
            return RFDB(width, kept, unshuffling_esa(width, esa_width), [separable(width) for _ in range(3)])

        super().__init__(width, (block() for _ in range(blocks)), scale, fuse=fusion(blocks, width))

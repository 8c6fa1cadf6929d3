"""HNCT, "Hybrid network of CNN and Transformer for Lightweight Image Super-Resolution".

NTIRE 2022 challenge report, section 4.31 and Table 1, row mju_mnu. Data range 0..1. Peculiar: one norm before both
Swin layers of a block and none inside them, so the first layer's shortcut carries the normed features; the blocks
have no skip. The report speaks of two ESA in a block; the released model file has a spatial mask in place of the
first. LR sides of at least 15 (ESA).
"""

from torch import Tensor, nn

from resolute.models import register_model
from resolute.models.blocks.attention import ESA, SpatialMask
from resolute.models.blocks.convolution import conv3
from resolute.models.blocks.post_upsampling import PostUpsampling, fusion
from resolute.models.blocks.swin import SwinLayer, pad_to_multiple


class SwinPair(nn.Module):
    """A norm and two Swin layers, the second with shifted windows: N x width x H x W to the same shape."""

    def __init__(self, width: int, heads: int, size: int) -> None:
        super().__init__()
        self.size = size
        self.norm = nn.LayerNorm(width)
        self.layers = nn.Sequential(
            *(SwinLayer(width, heads, size, shift, 2 * width, norm=nn.Identity) for shift in (0, size // 2))
        )

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[-2:]
        padded_BHWC = pad_to_multiple(x, self.size, reflect=True).permute(0, 2, 3, 1)
        return self.layers(self.norm(padded_BHWC)).permute(0, 3, 1, 2)[:, :, :height, :width]


class HybridBlock(nn.Module):
    """A spatial mask, two Swin layers, a 3x3 convolution and ESA: N x width x H x W to the same shape."""

    def __init__(self, width: int, heads: int, window: int, esa_width: int) -> None:
        super().__init__()
        self.mask = SpatialMask()
        self.swin = SwinPair(width, heads, window)
        self.conv = conv3(width, width)
        self.attention = ESA(width, esa_width)

    def forward(self, x: Tensor) -> Tensor:
        return self.attention(self.conv(self.swin(x * self.mask(x))))


@register_model
class HNCT(PostUpsampling):
    """Hybrid blocks of convolutions and transformers whose outputs are all fused before the trunk convolution."""

    def __init__(
        self,
        scale: float = 4,
        width: int = 50,
        blocks: int = 4,
        heads: int = 5,
        window: int = 8,
        esa_width: int = 12,
    ) -> None:
        chain = (HybridBlock(width, heads, window, esa_width) for _ in range(blocks))
        super().__init__(width, chain, scale, fuse=fusion(blocks, width))

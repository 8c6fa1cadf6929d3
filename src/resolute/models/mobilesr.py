"""MobileSR, "A Mobile-friendly Transformer for Efficient Image Super-Resolution".

NTIRE 2022 challenge report, section 4.5 and Table 1, row NJUST_ESR. Data range 0..1. Peculiar: window attention
without shift, mask or position bias; positions come from a depthwise convolution. The padding of the last windows
takes part in the attention, as tokens of zeros. Takes any size.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from resolute.models import register_model
from resolute.models.blocks.convolution import conv1, conv3, depthwise, leaky_relu
from resolute.models.blocks.normalisation import ChannelNorm
from resolute.models.blocks.pointwise import PointwiseLinear
from resolute.models.blocks.post_upsampling import enlarge
from resolute.models.blocks.swin import attend_in_windows, pad_to_multiple
from resolute.models.blocks.windows import WindowAttention

SLOPE = 0.2


class Transformer(nn.Module):
    """Positions, window attention and a perceptron, each added to its input: N x width x H x W to the same shape."""

    def __init__(self, width: int, heads: int, size: int, expansion: int) -> None:
        super().__init__()
        self.size = size
        self.position = depthwise(width)
        self.norm1 = ChannelNorm(width)
        self.attention = WindowAttention(width, heads, size, qkv_bias=False, position_bias=False)
        self.norm2 = ChannelNorm(width)
        hidden = expansion * width
        self.perceptron = nn.Sequential(PointwiseLinear(width, hidden), nn.GELU(), PointwiseLinear(hidden, width))

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[-2:]
        x = x + self.position(x)
        padded_BHWC = pad_to_multiple(self.norm1(x), self.size).permute(0, 2, 3, 1)
        attended_BHWC = attend_in_windows(self.attention, padded_BHWC, self.size)[:, :height, :width]
        x = x + attended_BHWC.permute(0, 3, 1, 2)
        return x + self.perceptron(self.norm2(x))


class InvertedResidual(nn.Sequential):
    """Expand, filter every channel by itself, reduce; added to the input: N x width x H x W to the same shape."""

    def __init__(self, width: int, expansion: int) -> None:
        hidden = expansion * width
        expand, reduce = conv1(width, hidden), conv1(hidden, width)
        super().__init__(expand, leaky_relu(SLOPE), depthwise(hidden), leaky_relu(SLOPE), reduce)

    def forward(self, x: Tensor) -> Tensor:
        return x + super().forward(x)


def doubling(width: int) -> tuple[nn.Module, nn.Module]:
    """Layers that enlarge N x width x H x W by 2."""
    return conv1(width, 4 * width), nn.PixelShuffle(2)


@register_model
class MobileSR(nn.Module):
    """A chain of transformers and inverted residuals, fused with the head's output, enlarged in two steps.

    Args:
        scale: 4, made of two steps of 2.
        width: channels between head and tail.
        heads: of every attention.
        window: side of the attention's windows.
        expansions: of each stage, which is a transformer and an inverted residual.
    """

    def __init__(
        self,
        scale: float = 4,
        width: int = 40,
        heads: int = 8,
        window: int = 8,
        expansions: Sequence[int] = (4, 2, 2, 2, 4),
    ) -> None:
        super().__init__()
        self.scale = int(scale)
        self.head = conv3(3, width)
        self.body = nn.Sequential(
            *(nn.Sequential(Transformer(width, heads, window, n), InvertedResidual(width, n)) for n in expansions)
        )
        self.fuse = conv3(2 * width, width)
        self.upsample = nn.Sequential(*doubling(width), *doubling(width), leaky_relu(SLOPE))
        self.tail = conv3(width, 3)

    def forward(self, lr: Tensor) -> Tensor:
        shallow = self.head(lr)
        features = self.fuse(torch.cat([shallow, self.body(shallow)], dim=1))
        return self.tail(self.upsample(features)) + enlarge(lr, self.scale)

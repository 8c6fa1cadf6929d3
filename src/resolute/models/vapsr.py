"""VapSR, "Efficient Image Super-Resolution using Vast-Receptive-Field Attention".

Paper: Zhou et al., ECCV Workshops 2022; VapSR-S is the small form. Data range 0..1. Peculiar: the mask of the
attention is not bounded, and the norm follows the skip; at x4 a pixel sees 170 pixels to each side, so tiles change the
result. Any input size works.
"""

from torch import Tensor, nn

from resolute.models import register_model
from resolute.models.blocks.convolution import conv1, conv3, depthwise, leaky_relu
from resolute.models.blocks.normalisation import ChannelNorm
from resolute.models.blocks.post_upsampling import PostUpsampling
from resolute.models.blocks.residual import Residual


class VastAttention(nn.Sequential):
    """Multiplies the features by what a pointwise and two large depthwise convolutions, one dilated, make of them."""

    def __init__(self, width: int) -> None:
        super().__init__(conv1(width, width), depthwise(width, 5), depthwise(width, 5, dilation=3))

    def forward(self, x: Tensor) -> Tensor:
        return x * super().forward(x)


@register_model
class VapSR(PostUpsampling):
    """A chain of attention blocks. `blocks` is the published depth where it is not given: 20, but 21 at x4."""

    def __init__(
        self,
        scale: float = 4,
        width: int = 48,
        attention_width: int = 64,
        blocks: int | None = None,
        trunk_groups: int = 1,
    ) -> None:
        depth = blocks or (21 if scale == 4 else 20)
        super().__init__(
            width,
            (self._block(width, attention_width) for _ in range(depth)),
            scale,
            trunk=conv3(width, width, groups=trunk_groups),
            tail=_tail(width, int(scale)),
        )

    @staticmethod
    def _block(width: int, inner: int) -> nn.Sequential:
        attended = Residual(conv1(width, inner), nn.GELU(), VastAttention(inner), conv1(inner, width))
        return nn.Sequential(attended, ChannelNorm(width))


def _tail(width: int, scale: int) -> nn.Sequential:
    """To the image: at x4 in two steps of pixel shuffle, else in one."""
    if scale == 4:
        first, second = conv3(width, 64), conv3(16, 12)
        return nn.Sequential(first, nn.PixelShuffle(2), leaky_relu(0.1), second, nn.PixelShuffle(2))
    return nn.Sequential(conv3(width, 56), leaky_relu(0.1), conv3(56, 3 * scale**2), nn.PixelShuffle(scale))

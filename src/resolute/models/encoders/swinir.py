"""SwinIR, "SwinIR: Image Restoration Using Swin Transformer", without its upsampler.

Paper: Liang et al., ICCV Workshops 2021; as arbitrary-scale SR has it (Lee and Jin, LTE, CVPR 2022): without a mean of
its own, and with 64 features at the end. In training, layers are left out at random, as in the authors' code: the first
never, the last for every tenth image.
"""

from collections.abc import Sequence

import numpy as np
from torch import Tensor, nn

from resolute.models import register_model
from resolute.models.blocks.convolution import conv3, leaky_relu
from resolute.models.blocks.encoder import Encoder
from resolute.models.blocks.swin import SwinLayer, pad_to_multiple

WINDOW = 8
SKIP = 0.1  # the chance of the last layer's parts to be left out in training; that of those before it grows evenly


class Group(nn.Module):
    """Swin layers, of which every second is shifted by half a window, and a convolution: added to their input."""

    def __init__(self, inner: int, skips: Sequence[float], heads: int, hidden: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            *(SwinLayer(inner, heads, WINDOW, i % 2 * WINDOW // 2, hidden, skip=skip) for i, skip in enumerate(skips))
        )
        self.trunk = conv3(inner, inner)

    def forward(self, x_BHWC: Tensor) -> Tensor:
        return x_BHWC + self.trunk(self.layers(x_BHWC).permute(0, 3, 1, 2)).permute(0, 2, 3, 1)


@register_model
class SwinIR(Encoder):
    """Groups of window attention: N x 3 x h x w to N x width x h' x w', the next multiples of the window.

    Images are filled up by what is mirrored about their last rows and columns.

    Args:
        width: channels of the features; 0 for those of the layers, without the last convolution.
        inner: channels of the layers.
        depths: layers of each group.
        heads: of the attention in each group.
        ratio: channels inside the layers' perceptrons, as a multiple of `inner`.
    """

    window = WINDOW

    def __init__(
        self,
        width: int = 64,
        inner: int = 180,
        depths: Sequence[int] = (6,) * 6,
        heads: Sequence[int] = (6,) * 6,
        ratio: int = 2,
    ) -> None:
        super().__init__()
        self.width = width or inner
        self.head, self.head_norm = conv3(3, inner), nn.LayerNorm(inner)
        skips = np.split(np.linspace(0, SKIP, sum(depths)), np.cumsum(depths)[:-1])
        groups = (Group(inner, own.tolist(), n, ratio * inner) for own, n in zip(skips, heads, strict=True))
        self.body = nn.Sequential(*groups, nn.LayerNorm(inner))
        self.trunk = conv3(inner, inner)
        self.tail = nn.Sequential(conv3(inner, width), leaky_relu(0.01)) if width else nn.Identity()

    def forward(self, lr: Tensor) -> Tensor:
        shallow = self.head(pad_to_multiple(lr, WINDOW, reflect=True))
        deep = self.body(self.head_norm(shallow.permute(0, 2, 3, 1))).permute(0, 3, 1, 2)
        return self.tail(shallow + self.trunk(deep))

"""SwinIR, "SwinIR: Image Restoration Using Swin Transformer", for classical and for lightweight SR.

Paper: Liang et al., ICCV Workshops 2021; code: JingyunLiang/SwinIR. Data range 0..1. Peculiar: windows that start at
the image's corner; sides are filled up to multiples of them by what is mirrored, and cut off again.
"""

from collections.abc import Sequence

from torch import Tensor, nn

from resolute.models import register_model
from resolute.models.blocks.convolution import conv3
from resolute.models.blocks.normalisation import div2k_mean
from resolute.models.blocks.post_upsampling import PixelShuffleTail
from resolute.models.blocks.upsampler import upsampler
from resolute.models.encoders import swinir


@register_model
class SwinIR(nn.Module):
    """The features of its encoder, and an upsampler with a convolution behind it, or one convolution that enlarges.

    Args:
        scale: 2, 3 or 4.
        width: channels of the upsampler; 0 for one convolution (SwinIR-light).
        inner, depths, heads: of the encoder.
    """

    mean: Tensor

    def __init__(
        self,
        scale: float = 4,
        width: int = 64,
        inner: int = 180,
        depths: Sequence[int] = (6,) * 6,
        heads: Sequence[int] = (6,) * 6,
    ) -> None:
        super().__init__()
        self.scale = int(scale)
        self.register_buffer("mean", div2k_mean(), persistent=False)
        self.encoder = swinir.SwinIR(width, inner, depths, heads)
        self.tail = nn.Sequential(upsampler(width, scale), conv3(width, 3)) if width else PixelShuffleTail(inner, scale)

    def forward(self, lr: Tensor) -> Tensor:
        height, width = lr.shape[-2:]
        sr = self.tail(self.encoder(lr - self.mean)) + self.mean
        return sr[:, :, : height * self.scale, : width * self.scale]

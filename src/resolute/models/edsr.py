"""EDSR and EDSR-baseline, "Enhanced Deep Residual Networks for Single Image Super-Resolution".

Paper: Lim et al., CVPR Workshops 2017; code: sanghyun-son/EDSR-PyTorch. Data range 0..255, or 0..1 as MMagic trained
it. Peculiar: no norms; of 256 channels, blocks add a tenth. The mean colour is a constant here, 24 parameters of fixed
1x1 convolutions there, which published counts leave out. Any input size works.
"""

from torch import Tensor, nn

from resolute.models import register_model
from resolute.models.blocks.convolution import conv3
from resolute.models.blocks.normalisation import div2k_mean
from resolute.models.blocks.upsampler import upsampler
from resolute.models.encoders import edsr


@register_model
class EDSR(nn.Module):
    """The features of its encoder, an upsampler, a convolution.

    Args:
        scale: 2, 3 or 4.
        width, blocks, residual_scale: of the encoder.
        data_range: the span of its images' colours.
    """

    mean: Tensor

    def __init__(
        self,
        scale: float = 4,
        width: int = 64,
        blocks: int = 16,
        residual_scale: float = 1,
        data_range: float = 255,
    ) -> None:
        super().__init__()
        self.register_buffer("mean", div2k_mean(data_range), persistent=False)
        self.encoder = edsr.EDSR(width, blocks, residual_scale)
        self.tail = nn.Sequential(upsampler(width, scale), conv3(width, 3))

    def forward(self, lr: Tensor) -> Tensor:
        return self.tail(self.encoder(lr - self.mean)) + self.mean

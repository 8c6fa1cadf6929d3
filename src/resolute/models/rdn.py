"""RDN, "Residual Dense Network for Image Super-Resolution", in its configuration of 16 blocks of 8 convolutions.

Paper: Zhang et al., CVPR 2018; the upsampler is EDSR's, as in MMagic. Data range 0..1. Peculiar: no mean colour is
subtracted. Any input size works.
"""

from torch import Tensor, nn

from resolute.models import register_model
from resolute.models.blocks.convolution import conv3
from resolute.models.blocks.upsampler import upsampler
from resolute.models.encoders import rdn


@register_model
class RDN(nn.Module):
    """The features of its encoder, an upsampler, a convolution.

    Args:
        scale: 2, 3 or 4.
        width, blocks, convolutions, growth: of the encoder.
    """

    def __init__(
        self, scale: float = 4, width: int = 64, blocks: int = 16, convolutions: int = 8, growth: int = 64
    ) -> None:
        super().__init__()
        self.encoder = rdn.RDN(width, blocks, convolutions, growth)
        self.tail = nn.Sequential(upsampler(width, scale), conv3(width, 3))

    def forward(self, lr: Tensor) -> Tensor:
        return self.tail(self.encoder(lr))

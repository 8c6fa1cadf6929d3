"""EDSR, "Enhanced Deep Residual Networks for Single Image Super-Resolution", without its upsampler.

Paper: Lim et al., CVPR Workshops 2017. Arbitrary-scale SR has the baseline of it (Chen et al., LIIF, CVPR 2021).
"""

from torch import Tensor, nn

from resolute.models import register_model
from resolute.models.blocks.convolution import conv3
from resolute.models.blocks.encoder import Encoder
from resolute.models.blocks.residual import Residual, Scaled


@register_model
class EDSR(Encoder):
    """Residual blocks without norms, and a skip around them: N x 3 x h x w to N x width x h x w.

    Args:
        width: channels.
        blocks: how many.
        residual_scale: what each block multiplies by before it adds; the large network, of 256 channels, has 0.1.
    """

    def __init__(self, width: int = 64, blocks: int = 16, residual_scale: float = 1) -> None:
        super().__init__()
        self.width = width
        self.head = conv3(3, width)
        self.body = nn.Sequential(*(_block(width, residual_scale) for _ in range(blocks)))
        self.trunk = conv3(width, width)

    def forward(self, lr: Tensor) -> Tensor:
        shallow = self.head(lr)
        return shallow + self.trunk(self.body(shallow))


def _block(width: int, scale: float) -> Residual:
    scaled = [Scaled(scale)] if scale != 1 else []
    return Residual(conv3(width, width), nn.ReLU(), conv3(width, width), *scaled)

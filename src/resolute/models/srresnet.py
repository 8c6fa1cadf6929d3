"""SRResNet in the form without batch norm (MSRResNet), the backbone of ClassSR, ARM and WBSR.

Networks: Ledig et al., "Photo-Realistic Single Image Super-Resolution Using a Generative Adversarial Network", CVPR
2017; this form is that of XPixelGroup/ClassSR (codes/models/archs/SRResNet_arch.py) and of BasicSR. Data range 0..1.
Peculiar: neither a skip around the blocks nor a convolution behind them, but the bilinearly enlarged input is added to
the output. The first form has 9x9 convolutions at both ends, batch norm and PReLU. Any input size works.
"""

from functools import partial

import torch
from torch import Tensor, nn

from resolute.models import register_model
from resolute.models.blocks.convolution import conv3, leaky_relu
from resolute.models.blocks.post_upsampling import enlarge
from resolute.models.blocks.residual import Residual
from resolute.models.blocks.upsampler import upsampler

SLOPE = 0.1
INITIAL_GAIN = 0.1


@register_model
class SRResNet(nn.Module):
    """A chain of residual blocks at LR size, an upsampler, two convolutions at HR size."""

    def __init__(self, scale: float = 4, width: int = 64, blocks: int = 16) -> None:
        super().__init__()
        self.scale = int(scale)
        self.head = nn.Sequential(conv3(3, width), leaky_relu(SLOPE))
        self.body = nn.Sequential(
            *(Residual(conv3(width, width), nn.ReLU(), conv3(width, width)) for _ in range(blocks))
        )
        self.upsampler = upsampler(width, scale, partial(leaky_relu, SLOPE))
        self.tail = nn.Sequential(conv3(width, width), leaky_relu(SLOPE), conv3(width, 3))
        self.apply(_initialise)

    def forward(self, lr: Tensor) -> Tensor:
        return self.tail(self.upsampler(self.body(self.head(lr)))) + enlarge(lr, self.scale)


@torch.no_grad()
def _initialise(layer: nn.Module) -> None:
    """A tenth of Kaiming's weights and no biases, so that blocks begin close to identity."""
    if isinstance(layer, nn.Conv2d):
        nn.init.kaiming_normal_(layer.weight)
        layer.weight *= INITIAL_GAIN
        if layer.bias is not None:
            layer.bias.zero_()

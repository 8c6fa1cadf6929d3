"""RDN, "Residual Dense Network for Image Super-Resolution", without its upsampler.

Paper: Zhang et al., CVPR 2018 (its configuration B); as arbitrary-scale SR has it (Chen et al., LIIF, CVPR 2021).
"""

import torch
from torch import Tensor, nn

from resolute.models import register_model
from resolute.models.blocks.convolution import conv1, conv3
from resolute.models.blocks.encoder import Encoder
from resolute.models.blocks.residual import Residual


class Dense(nn.Sequential):
    """Layers in a row, whose output follows their input's channels."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([x, super().forward(x)], dim=1)


def dense_block(width: int, convolutions: int, growth: int) -> Residual:
    """Dense convolutions, of which a 1x1 one makes the width again."""
    inputs = [width + i * growth for i in range(convolutions)]
    layers = [Dense(conv3(channels, growth), nn.ReLU()) for channels in inputs]
    return Residual(*layers, conv1(width + convolutions * growth, width))


@register_model
class RDN(Encoder):
    """Residual dense blocks, all of which are read together: N x 3 x h x w to N x width x h x w."""

    def __init__(self, width: int = 64, blocks: int = 16, convolutions: int = 8, growth: int = 64) -> None:
        super().__init__()
        self.width = width
        self.head, self.shallow = conv3(3, width), conv3(width, width)
        self.body = nn.ModuleList(dense_block(width, convolutions, growth) for _ in range(blocks))
        self.fuse = nn.Sequential(conv1(blocks * width, width), conv3(width, width))

    def forward(self, lr: Tensor) -> Tensor:
        first = self.head(lr)
        x = self.shallow(first)
        features = []
        for block in self.body:
            x = block(x)
            features.append(x)
        return first + self.fuse(torch.cat(features, dim=1))

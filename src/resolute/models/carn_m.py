"""CARN-M, "Fast, Accurate, and Lightweight Super-Resolution with Cascading Residual Network".

Paper: Ahn et al., ECCV 2018, the mobile form. Data range 0..1. Peculiar: one network for x2, x3 and x4, with an
upsampler for each, all of which its parameter counts include; blocks share the weights of their three residual
blocks. Any input size works.
"""

from collections.abc import Iterable
from functools import partial
from itertools import cycle

import torch
from torch import Tensor, nn

from resolute.models import register_model
from resolute.models.blocks.convolution import conv1, conv3
from resolute.models.blocks.normalisation import DIV2K_MEAN, MeanShift
from resolute.models.blocks.upsampler import upsampler

SCALES = (2, 3, 4)


class EfficientResidual(nn.Module):
    """Two grouped 3x3 convolutions and a 1x1 one, with a skip before the last activation."""

    def __init__(self, width: int, groups: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            conv3(width, width, groups=groups),
            nn.ReLU(),
            conv3(width, width, groups=groups),
            nn.ReLU(),
            conv1(width, width),
        )
        self.activation = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        return self.activation(x + self.body(x))


class Cascade(nn.Module):
    """A chain whose every step reads a fusion of the input and of all outputs before it.

    Args:
        width: channels of the input and output (N x width x H x W).
        blocks: the chain's blocks; fewer than `steps` are used over and over.
        steps: its length.
    """

    def __init__(self, width: int, blocks: Iterable[nn.Module], steps: int = 3) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(blocks)
        fused = (conv1((step + 2) * width, width) for step in range(steps))
        self.fuse = nn.ModuleList(nn.Sequential(convolution, nn.ReLU()) for convolution in fused)

    def forward(self, x: Tensor) -> Tensor:
        outputs = [x]
        for block, fuse in zip(cycle(self.blocks), self.fuse, strict=False):
            outputs.append(block(x))
            x = fuse(torch.cat(outputs, dim=1))
        return x


@register_model
class CARNM(nn.Module):
    """A cascade of cascades at LR size, with an upsampler for every scale."""

    def __init__(self, scale: float = 4, width: int = 64, groups: int = 4) -> None:
        super().__init__()
        self.scale = str(int(scale))
        self.subtract = MeanShift([-mean for mean in DIV2K_MEAN])
        self.head = conv3(3, width)
        self.body = Cascade(width, (Cascade(width, [EfficientResidual(width, groups)]) for _ in range(3)))
        grouped = partial(conv3, groups=groups)
        self.enlarge = nn.ModuleDict({str(one): upsampler(width, one, nn.ReLU, grouped) for one in SCALES})
        self.tail = conv3(width, 3)
        self.add = MeanShift(DIV2K_MEAN)

    def at(self, scale: int) -> "CARNM":
        """The network itself, which from now on enlarges by a scale."""
        self.scale = str(scale)
        return self

    def forward(self, lr: Tensor) -> Tensor:
        features = self.body(self.head(self.subtract(lr)))
        return self.add(self.tail(self.enlarge[self.scale](features)))

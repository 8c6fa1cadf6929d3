"""The cascades of CARN in its mobile form (Ahn et al., ECCV 2018)."""

from collections.abc import Iterable
from itertools import cycle

import torch
from torch import Tensor, nn

from resolute.models.blocks.convolution import conv1, conv3


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
        norm: whether the fusions have a batch norm in place of a bias.
    """

    def __init__(self, width: int, blocks: Iterable[nn.Module], steps: int = 3, norm: bool = False) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(blocks)
        fused = (conv1((step + 2) * width, width, bias=not norm) for step in range(steps))
        norms = [nn.BatchNorm2d] if norm else []
        self.fuse = nn.ModuleList(nn.Sequential(one, *(make(width) for make in norms), nn.ReLU()) for one in fused)

    def forward(self, x: Tensor) -> Tensor:
        outputs = [x]
        for block, fuse in zip(cycle(self.blocks), self.fuse, strict=False):
            outputs.append(block(x))
            x = fuse(torch.cat(outputs, dim=1))
        return x


def cascade_of_cascades(width: int, groups: int, norm: bool = False) -> Cascade:
    """The body of CARN-M: three cascades in a cascade, each of one residual unit that is used three times."""
    return Cascade(width, (Cascade(width, [EfficientResidual(width, groups)], norm=norm) for _ in range(3)), norm=norm)

"""FMDN: distillation blocks of small kernels in a cascade, modulated by maxima and variances.

NTIRE 2025 Efficient SR challenge (arXiv 2504.10686), id 26, team XUPTBoys; Amazingren/NTIRE2025_ESR,
models/team26_FMDN.py. Data range 0..1. Peculiar: depthwise kernels of 3x3, 5x3 and 3x5 read each other's results; the
feed-forward networks have kernels of even sides, which see one pixel more to the right and below; the first three
blocks are fused before the last one, another one, reads them. LR sides of at least 9.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from resolute.models import register_model
from resolute.models.blocks.centred import CentredPostUpsampling
from resolute.models.blocks.convolution import conv, conv1, depthwise
from resolute.models.blocks.distillation import RFDB
from resolute.models.blocks.modulation import FarMask
from resolute.models.blocks.residual import Residual
from resolute.models.blocks.variance import DetailAttention, VarianceMask, reflected_bsconv
from resolute.models.blocks.written_norm import WrittenNorm
from resolute.models.smfanet import UnitNorm

KERNELS = ((3, 3), (5, 3), (3, 5))


class Cascade(nn.Module):
    """Parts of the channels, filtered in turn: each reads its own part and the activated result of the one before.

    Args:
        channels: of the input and output, N x channels x H x W.
        last: whether a fourth part follows the three, filtered by two 3x3 kernels in a row.
    """

    def __init__(self, channels: int, last: bool = False) -> None:
        super().__init__()
        part = channels // (len(KERNELS) + last)
        self.filters = nn.ModuleList(conv(part, part, kernel, groups=part) for kernel in KERNELS)
        if last:
            self.filters.append(nn.Sequential(depthwise(part), depthwise(part)))

    def forward(self, x: Tensor) -> Tensor:
        first, *others = x.chunk(len(self.filters), dim=1)
        done = [functional.gelu(self.filters[0](first))]
        for part, filtering in zip(others, list(self.filters)[1:], strict=True):
            done.append(functional.gelu(filtering(part + done[-1])))
        return torch.cat(done, dim=1)


def cascaded(channels: int, last: bool) -> nn.Sequential:
    """A 1x1 convolution and a cascade with a skip, activated."""
    return nn.Sequential(Residual(conv1(channels, channels), Cascade(channels, last)), nn.GELU())


class VarianceAttention(VarianceMask):
    """Features times one more than their variance mask."""

    def __init__(self, channels: int, width: int) -> None:
        super().__init__(channels, width, lambda inputs, _: cascaded(inputs, last=False), nn.ReLU)

    def forward(self, x: Tensor) -> Tensor:
        return x * super().forward(x) + x


class FarAndNear(nn.Module):
    """A half of the features that a far-sighted mask multiplies, and one with a cascade, added up and mixed."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.split = conv1(width, 2 * width)
        self.mask = FarMask(width)
        self.near = Residual(Cascade(width))
        self.fuse = conv1(width, width)

    def forward(self, x: Tensor) -> Tensor:
        far, near = self.split(x).chunk(2, dim=1)
        return self.fuse(self.near(near) + far * self.mask(far))


class LopsidedFeedForward(nn.Module):
    """Two kernels of five by two, upright and lying; then one half of the features, through GELU, gates the other."""

    def __init__(self, width: int) -> None:
        super().__init__()
        hidden = 4 * width
        self.expand = conv1(width, hidden, bias=False)
        self.filter = nn.Sequential(
            nn.ZeroPad2d((0, 1, 0, 0)),
            nn.Conv2d(hidden, hidden, (5, 2), padding=(2, 0), groups=hidden, bias=False),
            nn.ZeroPad2d((0, 0, 0, 1)),
            nn.Conv2d(hidden, hidden, (2, 5), padding=(0, 2), groups=hidden, bias=False),
        )
        self.reduce = conv1(hidden // 2, width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        gate, gated = self.filter(self.expand(x)).chunk(2, dim=1)
        return self.reduce(functional.gelu(gate) * gated)


def block(width: int, esa_width: int, attention: nn.Module) -> Residual:
    """A distillation block whose result two attentions and a feed-forward network change; the second one is given."""
    distillation = RFDB(
        width,
        width // 2,
        nn.Sequential(VarianceAttention(width, esa_width), attention),
        refine=[cascaded(width, last=True) for _ in range(3)],
        last=reflected_bsconv,
        activation=nn.GELU(),
    )
    return Residual(distillation, Residual(WrittenNorm(width), LopsidedFeedForward(width)))


@register_model
class FMDN(CentredPostUpsampling):
    """A chain of blocks whose outputs are fused, and a block of the fused features.

    Args:
        scale: the enlargement, an integer.
        width: channels between head and tail.
        blocks: how many before the fusion.
        esa_width: channels inside the variance masks.
        hidden: channels inside the contrast attention of the last block.
    """

    def __init__(self, scale: float = 4, width: int = 24, blocks: int = 3, esa_width: int = 6, hidden: int = 4) -> None:
        last = block(width, esa_width, DetailAttention(width, hidden))
        super().__init__(
            width,
            (block(width, esa_width, Residual(UnitNorm(), FarAndNear(width))) for _ in range(blocks)),
            scale,
            fuse=nn.Sequential(conv1(blocks * width, width), last, nn.GELU()),
            trunk=reflected_bsconv(width, width),
        )

"""VLESR, "A very lightweight and efficient image super-resolution network", from its description alone.

NTIRE 2022 challenge report, section 4.26 and Table 1, row cceNBgdd; no code was released. The report gives the
structure and the costs. What it leaves open is chosen here so that parameters, FLOPs and convolutions are the printed
ones and activations lack 0.05 % (403.96 of 404.16 M): 64 channels in four groups, every group reading the result of
the one before it; two, two and three layers in the branches of the attention; a 1x1 trunk; ReLUs of LConv that are
functions, as layer objects would show in the FLOPs. Data range 0..1. Channel attention pools the whole map, so tiles
change the result. LR sides of at least 2 (the local branch halves).
"""

import torch
from torch import Tensor, nn

from resolute.models import register_model
from resolute.models.blocks.attention import ESA
from resolute.models.blocks.convolution import conv1, depthwise
from resolute.models.blocks.post_upsampling import PostUpsampling, fusion
from resolute.models.blocks.preparable import Preparable, as_convolution
from resolute.models.blocks.residual import Residual


class PIGC(nn.Module):
    """Progressive interactive group convolution: every group but the first also reads what the one before it gave."""

    def __init__(self, width: int, groups: int) -> None:
        super().__init__()
        share = width // groups
        self.first = conv1(share, share)
        self.others = nn.ModuleList(conv1(2 * share, share) for _ in range(groups - 1))

    def forward(self, x: Tensor) -> Tensor:
        head, *tail = x.chunk(len(self.others) + 1, dim=1)
        outputs = [self.first(head)]
        for conv, group in zip(self.others, tail, strict=True):
            outputs.append(conv(torch.cat([group, outputs[-1]], dim=1)))
        return torch.cat(outputs, dim=1)


class LConv(nn.Sequential, Preparable):
    """Lightweight convolution: group, shuffle, depthwise 3x3 and pointwise, then ReLU."""

    def __init__(self, width: int, groups: int) -> None:
        super().__init__(PIGC(width, groups), nn.ChannelShuffle(groups), depthwise(width), conv1(width, width))
        self.width = width

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(super().forward(x))

    def prepare(self) -> nn.Module:
        mix, shuffle, depthwise, pointwise = self
        mixed = as_convolution(nn.Sequential(mix, shuffle), self.width)
        return nn.Sequential(mixed, depthwise, pointwise, nn.ReLU())


class LRCB(nn.Module):
    """Lightweight residual concatenation block: a residual of two LConv, concatenated with the input and compressed."""

    def __init__(self, width: int, groups: int) -> None:
        super().__init__()
        self.residual = Residual(LConv(width, groups), LConv(width, groups))
        self.compress = conv1(2 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        return self.compress(torch.cat([self.residual(x), x], dim=1))


class MWAB(nn.Module):
    """Multi-way attention block: the weights by channel means, by channel maxima and by neighbourhoods add up."""

    def __init__(self, width: int, hidden: int, local_width: int) -> None:
        super().__init__()
        self.mean, self.maximum = (
            nn.Sequential(conv1(width, hidden, bias=False), nn.ReLU(), conv1(hidden, width, bias=False), nn.Sigmoid())
            for _ in range(2)
        )
        self.local = ESA(width, local_width, nn.MaxPool2d(2), depthwise(local_width), shortcut=False)

    def forward(self, x: Tensor) -> Tensor:
        weights = self.mean(x.mean((2, 3), keepdim=True)) + self.maximum(x.amax((2, 3), keepdim=True))
        return x * weights + self.local(x)


class FGFB(nn.Module):
    """Frequency grouping fusion block: of four outputs, the two in the middle, the two outermost, then both pairs."""

    def __init__(self, width: int, attention: nn.Module) -> None:
        super().__init__()
        self.inner, self.outer, self.both = (fusion(2, width) for _ in range(3))
        self.attention = attention

    def forward(self, x: Tensor) -> Tensor:
        first, second, third, fourth = x.chunk(4, dim=1)
        inner = self.inner(torch.cat([second, third], dim=1))
        outer = self.outer(torch.cat([first, fourth], dim=1))
        return self.attention(self.both(torch.cat([inner, outer], dim=1)))


@register_model
class VLESR(PostUpsampling):
    """Four residual attention blocks of three LRCB and an attention each, fused by frequency."""

    def __init__(
        self, scale: float = 4, width: int = 64, groups: int = 4, hidden: int = 8, local_width: int = 16
    ) -> None:
        def attention() -> MWAB:
            return MWAB(width, hidden, local_width)

        def block() -> Residual:
            return Residual(*(LRCB(width, groups) for _ in range(3)), attention())

        chain = (block() for _ in range(4))
        super().__init__(width, chain, scale, fuse=FGFB(width, attention()), trunk=conv1(width, width))

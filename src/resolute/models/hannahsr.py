"""HannahSR: BSRN's distillation blocks with attention by variances and across channels.

NTIRE 2025 Efficient SR challenge (arXiv 2504.10686), id 13, team HannahSR; Amazingren/NTIRE2025_ESR,
models/team13_HannahSR.py. Data range 0..1. Peculiar: windows of 96 that overlap; ReLU in the place of a softmax; a
learned number per channel is subtracted from a mask, which may get negative; a second way from the image to the tail.
The released code takes one image at a time; here each image of a batch is treated so. LR sides of at least 15.
"""

import torch
from torch import Tensor, fx, nn
from torch.nn import functional

from resolute.models import register_model
from resolute.models.blocks.convolution import conv1, conv3, depthwise
from resolute.models.blocks.covering import from_covering_windows, to_covering_windows
from resolute.models.blocks.distillation import RFDB
from resolute.models.blocks.normalisation import div2k_mean
from resolute.models.blocks.post_upsampling import PixelShuffleTail
from resolute.models.blocks.residual import Residual
from resolute.models.blocks.restormer import GatedFeedForward
from resolute.models.blocks.span_training import span_convolution
from resolute.models.blocks.variance import DetailAttention, VarianceMask, reflected_bsconv
from resolute.models.blocks.written_norm import WrittenNorm

# How many windows there are depends on the map's sides alone; that cannot be traced.
fx.wrap("to_covering_windows")
fx.wrap("from_covering_windows")

WINDOW = 96


class OffsetMask(VarianceMask):
    """Multiplies features by their variance mask less a learned number per channel, with one shortcut more."""

    def __init__(self, channels: int, width: int, conv: str) -> None:
        super().__init__(channels, width, reflected_bsconv, nn.GELU)
        self.filtered = span_convolution(conv)(width, width)
        self.offset = nn.Parameter(torch.zeros(1, channels, 1, 1))

    def skipped(self, reduced: Tensor) -> Tensor:
        return super().skipped(reduced) + self.filtered(reduced)

    def forward(self, x: Tensor) -> Tensor:
        return x * (super().forward(x) - self.offset)


class RectifiedAttention(nn.Module):
    """Each head weighs its channels by what is positive of their correlation in a window; N x width x H x W."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.temperature = nn.Parameter(torch.ones(heads, 1, 1))
        self.embed = conv1(width, 3 * width, bias=False)
        self.filter = depthwise(3 * width, bias=False)
        self.rectify = nn.ReLU()
        self.project = conv1(width, width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        windows = to_covering_windows(self.filter(self.embed(x)), WINDOW)
        # Images, rows and columns of windows, maps, heads, channels of a head, pixels.
        parts = windows.unflatten(-2, (3, self.heads, -1))
        query, key, value = parts[..., 0, :, :, :], parts[..., 1, :, :, :], parts[..., 2, :, :, :]
        correlation = functional.normalize(query, dim=-1) @ functional.normalize(key, dim=-1).transpose(-1, -2)
        attended = self.rectify(correlation * self.temperature) @ value
        return self.project(from_covering_windows(attended.flatten(-3, -2), WINDOW, x))


@register_model
class HannahSR(nn.Module):
    """A chain of distillation blocks, each with three attentions and a feed-forward network.

    Args:
        scale: the enlargement.
        width: channels between head and tail.
        blocks: how many.
        heads: of the attention across channels.
        esa_width: channels inside the variance mask.
        hidden: channels inside the contrast attention.
        conv: kind of the 3x3 convolutions of the image and of the variance masks.
    """

    mean: Tensor

    def __init__(
        self,
        scale: float = 4,
        width: int = 24,
        blocks: int = 4,
        heads: int = 3,
        esa_width: int = 6,
        hidden: int = 4,
        conv: str = "plain",
    ) -> None:
        def block() -> Residual:
            distillation = RFDB(
                width,
                width // 2,
                nn.Sequential(OffsetMask(width, esa_width, conv), DetailAttention(width, hidden)),
                refine=[reflected_bsconv(width, width) for _ in range(3)],
                last=lambda inputs, outputs: conv3(inputs, outputs, groups=outputs),
                activation=nn.GELU(),
            )
            attention = Residual(WrittenNorm(width), RectifiedAttention(width, heads))
            return Residual(distillation, attention, Residual(WrittenNorm(width), GatedFeedForward(width, 2 * width)))

        super().__init__()
        make = span_convolution(conv)
        self.register_buffer("mean", div2k_mean(), persistent=False)
        self.head = make(3, width)
        self.second = nn.Sequential(make(3, width), conv1(width, width))
        self.body = nn.Sequential(*(block() for _ in range(blocks)))
        self.tail = PixelShuffleTail(width, scale, conv1(width, 3 * int(scale) ** 2))

    def forward(self, lr: Tensor) -> Tensor:
        centred = lr - self.mean
        shallow = self.head(centred)
        return self.tail(self.second(centred) + shallow + self.body(shallow)) + self.mean

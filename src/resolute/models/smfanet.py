"""SMFANet, "SMFANet: A Lightweight Self-Modulation Feature Aggregation Network for Efficient Image Super-Resolution".

Paper: Zheng et al., ECCV 2024; SMFANet+ is the wider, deeper form, SMFAN the authors' entry of NTIRE 2024 (Table 1, row
VPEG_C). Data range 0..1. Peculiar: features are modulated by pooled maxima and by each channel's variance over the
whole image; norms without parameters. LR sides of at least 8 (pooling).
"""

import torch
from torch import Tensor, fx, nn
from torch.nn import functional

from resolute.models import register_model
from resolute.models.blocks.convolution import conv1, conv3, depthwise
from resolute.models.blocks.pooling import max_pool_cells
from resolute.models.blocks.post_upsampling import PixelShuffleTail, PostUpsampling
from resolute.models.blocks.residual import Residual

# Which way it goes depends on the map's sides alone; that cannot be traced.
fx.wrap("max_pool_cells")

POOLING = 8


class UnitNorm(nn.Module):
    """Divides the features of every pixel by their Euclidean length over the channels."""

    def forward(self, x: Tensor) -> Tensor:
        return functional.normalize(x, dim=1)


class SMFA(nn.Module):
    """Self-modulation feature aggregation: a branch that looks far, by what is pooled, and one that looks near."""

    def __init__(self, width: int, weighed: bool) -> None:
        super().__init__()
        self.split = conv1(width, 2 * width)
        self.pooled = depthwise(width)
        self.weighed = weighed
        if weighed:
            self.pooled_factor = nn.Parameter(torch.ones(1, width, 1, 1))
            self.variance_factor = nn.Parameter(torch.zeros(1, width, 1, 1))
        self.modulation = conv1(width, width)
        self.local = nn.Sequential(
            conv3(width, 2 * width, groups=width), conv1(2 * width, 2 * width), nn.GELU(), conv1(2 * width, width)
        )
        self.fuse = conv1(width, width)

    def forward(self, features: Tensor) -> Tensor:
        near, far = self.split(features).chunk(2, dim=1)
        return self.fuse(far * self._mask(far) + self.local(near))

    def _mask(self, x: Tensor) -> Tensor:
        height, width = x.shape[-2:]
        maxima = self.pooled(max_pool_cells(x, POOLING))
        variance = torch.var(x, dim=(-2, -1), keepdim=True)
        if self.weighed:
            maxima, variance = maxima * self.pooled_factor, variance * self.variance_factor
        coarse = self.modulation(maxima + variance)
        return functional.interpolate(functional.gelu(coarse), size=(height, width))


class PCFN(nn.Module):
    """Partial convolution-based feed-forward network: a quarter of the hidden channels is filtered 3x3."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.sizes = [hidden // 4, hidden - hidden // 4]
        self.expand = conv1(width, hidden)
        self.partial = conv3(hidden // 4, hidden // 4)
        self.reduce = conv1(hidden, width)

    def forward(self, x: Tensor) -> Tensor:
        filtered, kept = functional.gelu(self.expand(x)).split(self.sizes, dim=1)
        return self.reduce(torch.cat([functional.gelu(self.partial(filtered)), kept], dim=1))


@register_model
class SMFANet(PostUpsampling):
    """A chain of aggregations and feed-forward networks, each normalised and with a skip.

    Args:
        scale: the enlargement, an integer.
        width: channels between the blocks.
        blocks: how many blocks.
        hidden: channels inside the feed-forward networks; twice the width unless given.
        weighed: whether maxima and variances have a learned factor for each channel.
        frame_bias: of the head and the tail.
    """

    def __init__(
        self,
        scale: float = 4,
        width: int = 36,
        blocks: int = 8,
        hidden: int | None = None,
        weighed: bool = True,
        frame_bias: bool = True,
    ) -> None:
        def block() -> nn.Sequential:
            return nn.Sequential(
                Residual(UnitNorm(), SMFA(width, weighed)), Residual(UnitNorm(), PCFN(width, hidden or 2 * width))
            )

        super().__init__(
            width,
            (block() for _ in range(blocks)),
            scale,
            head=conv3(3, width, bias=frame_bias),
            trunk=nn.Identity(),
            tail=PixelShuffleTail(width, scale, conv3(width, 3 * int(scale) ** 2, bias=frame_bias)),
        )

"""GFMN, team VIP's network of 2024: SAFMN whose features are decomposed before they are modulated and mixed.

NTIRE 2024 Table 1, row VIP (Amazingren/NTIRE2024_ESR, models/team22_GFMN.py). Data range 0..1. Peculiar: the mean
colour is taken off, put back, and comes a second time with the enlarged image; the means of whole maps count, and the
cells that divide the image are of 4, 8 and 16 pixels. LR sides of at least 16.
"""

import torch
from torch import Tensor, nn

from resolute.models import register_model
from resolute.models.blocks.convolution import conv1, conv3
from resolute.models.blocks.normalisation import div2k_mean
from resolute.models.blocks.post_upsampling import PixelShuffleTail, enlarge
from resolute.models.blocks.product import ProductFeedForward
from resolute.models.blocks.residual import Residual
from resolute.models.blocks.written_norm import WrittenNorm
from resolute.models.safmn import SAFM


class Decomposition(nn.Module):
    """Adds to every channel, by a learned factor, what it has beyond a summary (Li et al., MogaNet, ICLR 2024)."""

    def __init__(self, width: int, summary: nn.Module) -> None:
        super().__init__()
        self.summary = summary
        self.factor = nn.Parameter(torch.full((1, width, 1, 1), 1e-5))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.factor * (x - self.summary(x))


class FeedForward(ProductFeedForward):
    """A gated feed-forward network whose product is decomposed by one map of all channels."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__(width, hidden)
        self.decomposition = Decomposition(hidden, nn.Sequential(conv1(hidden, 1), nn.GELU()))

    def mixed(self, product: Tensor) -> Tensor:
        return self.decomposition(product)


@register_model
class GFMN(nn.Module):
    """A chain of decomposed modulations and feed-forward networks, each normed and with a skip."""

    mean: Tensor

    def __init__(self, scale: float = 4, width: int = 32, blocks: int = 8, hidden: int = 57) -> None:
        super().__init__()

        def block() -> nn.Sequential:
            decomposition = Decomposition(width, nn.AdaptiveAvgPool2d(1))
            modulation = nn.Sequential(conv1(width, width), decomposition, nn.GELU(), SAFM(width, cell=4))
            return nn.Sequential(
                Residual(WrittenNorm(width, eps=1e-6), modulation),
                Residual(WrittenNorm(width, eps=1e-6), FeedForward(width, hidden)),
            )

        self.scale = int(scale)
        self.register_buffer("mean", div2k_mean(), persistent=False)
        self.head = conv3(3, width)
        self.body = nn.Sequential(*(block() for _ in range(blocks)))
        self.tail = PixelShuffleTail(width, scale)

    def forward(self, lr: Tensor) -> Tensor:
        return self.tail(self.body(self.head(lr - self.mean))) + self.mean + enlarge(lr, self.scale)

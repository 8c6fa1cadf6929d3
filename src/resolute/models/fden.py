"""FDEN, "Feature Distillation and Expansion Network".

NTIRE 2022 challenge report, section 4.18 and Table 1, row NJU_MCG. Data range 0..255. Peculiar: refining steps expand
the channels fivefold and have no activation behind them, only distillates are activated; the attention reads the
levels of a Laplacian pyramid. LR sides of at least 8 (the pyramid halves three times).
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from resolute.models import register_model
from resolute.models.blocks.convolution import conv1, conv3, leaky_relu
from resolute.models.blocks.distillation import RFDB
from resolute.models.blocks.post_upsampling import PostUpsampling, fusion


def resized(x: Tensor, like: Tensor) -> Tensor:
    """A map brought bilinearly to the height and width of another."""
    return functional.interpolate(x, size=like.shape[-2:], mode="bilinear", align_corners=False)


class LaplacianAttention(nn.Module):
    """A sigmoid mask from what every level of a pyramid loses; the finest detail joins the masked features."""

    def __init__(self, channels: int, width: int, levels: int = 3) -> None:
        super().__init__()
        self.squeeze = nn.Sequential(conv1(channels, width), nn.ReLU())
        self.down = nn.ModuleList(nn.Sequential(nn.MaxPool2d(2), conv3(width, width), nn.ReLU()) for _ in range(levels))
        self.excite = conv1(levels * width, channels)
        self.fuse = conv1(channels + width, channels)

    def forward(self, x: Tensor) -> Tensor:
        details, level = [], self.squeeze(x)
        for down in self.down:
            coarser = down(level)
            details.append(resized(level - resized(coarser, like=level), like=x))
            level = coarser
        mask = torch.sigmoid(self.excite(torch.cat(details, dim=1)))
        return self.fuse(torch.cat([x * mask, details[0]], dim=1))


class FDEB(RFDB):
    """Feature distillation and expansion block: RFDB with a linear chain, which the last layer hands on in full."""

    def __init__(self, width: int, kept: int, expansion: int, attention_width: int) -> None:
        wide = expansion * width
        super().__init__(
            width,
            kept,
            LaplacianAttention(width, attention_width),
            refine=[
                nn.Sequential(conv1(width, wide), leaky_relu(), conv1(wide, width), conv3(width, width))
                for _ in range(3)
            ],
            distil=lambda inputs, outputs: nn.Sequential(conv1(inputs, outputs, bias=False), leaky_relu()),
            last=lambda inputs, _: conv3(inputs, width),
            fuse=lambda _, outputs: conv1(3 * kept + width, outputs),
            activation=nn.Identity(),
        )


@register_model
class FDEN(PostUpsampling):
    """Distillation and expansion blocks, fused before the trunk convolution."""

    def __init__(
        self,
        scale: float = 4,
        width: int = 29,
        kept: int = 14,
        blocks: int = 4,
        expansion: int = 5,
        attention_width: int = 7,
    ) -> None:
        chain = (FDEB(width, kept, expansion, attention_width) for _ in range(blocks))
        super().__init__(width, chain, scale, fuse=fusion(blocks, width))

"""AFDN, "Adaptive Feature Distillation Network for Lightweight Super-Resolution".

NTIRE 2022 challenge report, section 4.13 and Table 1, row NJUST_RESTORARION. Data range 0..255. Peculiar: RFDN whose
attention masks each half of the channels by two convolutions of that half; no biases outside of the masks and the
fusion of the blocks. Any input size works.
"""

from functools import partial

import torch
from torch import Tensor, nn

from resolute.models import register_model
from resolute.models.blocks.convolution import conv1, conv3, leaky_relu
from resolute.models.blocks.distillation import RFDB
from resolute.models.blocks.post_upsampling import PixelShuffleTail, PostUpsampling, fusion


class HalvesAttention(nn.Module):
    """Adaptive fusion block: each half of the channels (N x width x H x W) is multiplied by a mask made of it."""

    def __init__(self, width: int) -> None:
        super().__init__()
        half = width // 2
        self.masks = nn.ModuleList(
            nn.Sequential(conv3(half, half), leaky_relu(0.1), conv3(half, half), nn.Sigmoid()) for _ in range(2)
        )

    def forward(self, x: Tensor) -> Tensor:
        halves = zip(x.chunk(2, dim=1), self.masks, strict=True)
        return torch.cat([half * mask(half) for half, mask in halves], dim=1)


@register_model
class AFDN(PostUpsampling):
    """Distillation blocks with masked halves, whose outputs are all fused before the trunk convolution."""

    def __init__(self, scale: float = 4, width: int = 46, kept: int = 23, blocks: int = 4) -> None:
        point, plain = partial(conv1, bias=False), partial(conv3, bias=False)

        def block() -> RFDB:
            refine = [plain(width, width) for _ in range(3)]
            return RFDB(width, kept, HalvesAttention(width), refine, distil=point, last=plain, fuse=point)

        super().__init__(
            width,
            (block() for _ in range(blocks)),
            scale,
            head=plain(3, width),
            fuse=fusion(blocks, width),
            trunk=plain(width, width),
            tail=PixelShuffleTail(width, scale, plain(width, 3 * int(scale) ** 2)),
        )

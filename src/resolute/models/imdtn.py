"""IMDTN, a network of information multi-distillation transformer blocks.

NTIRE 2022 challenge report, section 4.27 and Table 1, row ZLZ. Data range 0..1. Peculiar: grouped convolutions with
channel shuffle distil, Swin layers follow. The image is mirrored to a multiple of the window's side before all else;
one that is such a multiple already grows by a whole window. LR sides of at least 3 (for the mirror).
"""

import torch
from torch import Tensor, nn

from resolute.models import register_model
from resolute.models.blocks.convolution import conv3, leaky_relu
from resolute.models.blocks.post_upsampling import PostUpsampling, fusion
from resolute.models.blocks.swin import SwinLayer


class IMDTB(nn.Module):
    """Information multi-distillation transformer block: N x width x H x W to the same shape.

    The sides are multiples of the window's.
    """

    def __init__(self, width: int, kept: int, groups: int, heads: int, window: int) -> None:
        super().__init__()
        passed = width - kept
        self.split = [kept, passed]
        self.steps = nn.ModuleList(conv3(inputs, width, groups=groups) for inputs in (width, passed, passed))
        self.last = conv3(passed, kept)
        self.activation = nn.Sequential(nn.ChannelShuffle(groups), leaky_relu())
        self.transformer = nn.Sequential(
            *(SwinLayer(width, heads, window, shift, 2 * width) for shift in (0, window // 2))
        )

    def forward(self, x: Tensor) -> Tensor:
        slices, refined, passed = [], x, x
        for step in self.steps:
            refined = self.activation(step(passed) + refined)
            kept, passed = torch.split(refined, self.split, dim=1)
            slices.append(kept)
        slices.append(self.last(passed))
        distilled = torch.cat(slices, dim=1)
        transformed = self.transformer(distilled.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        return x + (distilled + transformed)


@register_model
class IMDTN(PostUpsampling):
    """Distillation transformer blocks whose outputs are all fused before the trunk convolution."""

    def __init__(
        self,
        scale: float = 4,
        width: int = 64,
        kept: int = 16,
        blocks: int = 3,
        groups: int = 4,
        heads: int = 2,
        window: int = 6,
    ) -> None:
        chain = (IMDTB(width, kept, groups, heads, window) for _ in range(blocks))
        super().__init__(width, chain, scale, fuse=fusion(blocks, width))
        self.window = window

    def forward(self, lr: Tensor) -> Tensor:
        height, width = lr.shape[-2:]
        rows, columns = (self.window - side % self.window for side in (height, width))
        padded = torch.cat([lr, lr[:, :, -rows:].flip(2)], dim=2)
        padded = torch.cat([padded, padded[:, :, :, -columns:].flip(3)], dim=3)
        return super().forward(padded)[:, :, : self.scale * height, : self.scale * width]

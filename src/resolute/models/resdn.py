"""ResDN, "Residual Distillation Network for Single Image Super-Resolution".

NTIRE 2022 challenge report, section 4.17 and Table 1, row cipher. Data range 0..1. Peculiar: a PReLU before every
convolution of a block; distillates wait for all later steps of their block; the outputs of the blocks are fused from
the last to the first. The mean colour is taken off before the zero padding of the first convolution, so it cannot
move into that one's bias. LR sides of at least 15 (ESA).
"""

import torch
from torch import Tensor, nn

from resolute.models import register_model
from resolute.models.blocks.attention import ESA
from resolute.models.blocks.convolution import ConvFactory, conv1, conv3
from resolute.models.blocks.normalisation import DIV2K_MEAN, MeanShift
from resolute.models.blocks.post_upsampling import PixelShuffleTail, PostUpsampling


def activated(conv: ConvFactory, inputs: int, outputs: int) -> nn.Sequential:
    """A PReLU with a slope per channel, then a convolution."""
    return nn.Sequential(nn.PReLU(inputs), conv(inputs, outputs))


class ResDB(nn.Module):
    """Residual distillation block: N x width x H x W to the same shape.

    Every step expands the features and all distillates that wait for it; one part is refined and added to the
    features, the others are distillates for the later steps and the fusion, one for each.
    """

    def __init__(self, width: int, kept: int, steps: int, esa_width: int) -> None:
        super().__init__()
        self.parts = [[width] + [kept] * (steps - step) for step in range(steps)]
        self.expand = nn.ModuleList(
            activated(conv1, width + step * kept, sum(parts)) for step, parts in enumerate(self.parts)
        )
        self.refine = nn.ModuleList(activated(conv3, width, width) for _ in range(steps))
        self.fuse = activated(conv1, width + steps * kept, width)
        self.attention = ESA(width, esa_width)

    def forward(self, x: Tensor) -> Tensor:
        features = x
        waiting: list[list[Tensor]] = [[] for _ in range(len(self.parts) + 1)]
        for step, (expand, refine, parts) in enumerate(zip(self.expand, self.refine, self.parts, strict=True)):
            expanded = expand(torch.cat([features, *waiting[step]], dim=1))
            coarse, *distillates = torch.split(expanded, parts, dim=1)
            for later, distillate in zip(waiting[step + 1 :], distillates, strict=True):
                later.append(distillate)
            features = features + refine(coarse)
        return x + self.attention(self.fuse(torch.cat([features, *waiting[-1]], dim=1)))


class BackwardFusion(nn.Module):
    """From the concatenated outputs of all blocks: each is halved and joined to what was fused of the later ones."""

    def __init__(self, blocks: int, width: int) -> None:
        super().__init__()
        self.deep = nn.ModuleList(conv1(width, width // 2) for _ in range(blocks - 1))
        self.shallow = nn.ModuleList(conv1(width, width // 2) for _ in range(blocks - 1))
        self.activation = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        *outputs, fused = x.chunk(len(self.deep) + 1, dim=1)
        for deep, shallow, output in zip(self.deep, self.shallow, reversed(outputs), strict=True):
            fused = self.activation(torch.cat([deep(fused), shallow(output)], dim=1))
        return fused


@register_model
class ResDN(PostUpsampling):
    """Residual distillation blocks, fused backwards; the mean colour is taken off first and added last."""

    def __init__(
        self, scale: float = 4, width: int = 48, kept: int = 16, blocks: int = 4, steps: int = 3, esa_width: int = 12
    ) -> None:
        super().__init__(
            width,
            (ResDB(width, kept, steps, esa_width) for _ in range(blocks)),
            scale,
            head=nn.Sequential(MeanShift([-value for value in DIV2K_MEAN]), conv3(3, width)),
            fuse=BackwardFusion(blocks, width),
            trunk=nn.Identity(),
            tail=nn.Sequential(conv3(width, width), PixelShuffleTail(width, scale), MeanShift(DIV2K_MEAN)),
        )

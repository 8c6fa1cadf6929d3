"""RLCSR of team IMGWLH: distillation blocks, fused in two ways at once, under channel and spatial attention.

NTIRE 2022 challenge report, section 4.19 and Table 1, row IMGWLH. Data range 0..255. Peculiar: outside the blocks every
convolution is a sum of 1x3, 3x1 and 3x3 kernels; the activation is SELU (SiLU inside ESA); the blocks' outputs are
fused all together and one after the other; the layer attention sees one layer and so comes down to a learned factor;
there is no skip over the blocks but the bicubic one. The blocks are trained with weight normalisation. LR sides of at
least 15 (ESA).
"""

import torch
from torch import Tensor, nn

from resolute.models import register_model
from resolute.models.blocks.attention import ESA, ChannelMask, SpatialMask
from resolute.models.blocks.convolution import conv, conv3
from resolute.models.blocks.distillation import RFDB
from resolute.models.blocks.interleave import InterleavedFusion
from resolute.models.blocks.post_upsampling import PixelShuffleTail, enlarge, fusion
from resolute.models.blocks.preparable import Preparable
from resolute.models.blocks.reparameterised import bias_of, centred, weight_normalised
from resolute.models.blocks.residual import Residual


class ThreeKernels(Preparable):
    """The sum of a 1x3, a 3x1 and a 3x3 convolution of the same map."""

    def __init__(self, inputs: int, outputs: int, bias: bool = False) -> None:
        super().__init__()
        self.row = conv(inputs, outputs, (1, 3), bias=bias)
        self.column = conv(inputs, outputs, (3, 1), bias=bias)
        self.square = conv3(inputs, outputs, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        return self.row(x) + self.column(x) + self.square(x)

    def prepare(self) -> nn.Conv2d:
        parts = (self.row, self.column, self.square)
        sums = {"weight": sum(centred(part.weight.detach()) for part in parts)}
        if self.square.bias is not None:
            sums["bias"] = sum(bias_of(part).detach() for part in parts)
        convolution = conv3(self.square.in_channels, self.square.out_channels, bias="bias" in sums)
        convolution.load_state_dict(sums)
        return convolution


def distillation_block(width: int, esa_width: int) -> RFDB:
    """RFDB with SELU; every 3x3 convolution of its ESA has a skip."""
    refine = nn.Sequential(
        Residual(conv3(esa_width, esa_width), nn.SiLU()),
        Residual(conv3(esa_width, esa_width), nn.SiLU()),
        Residual(conv3(esa_width, esa_width)),
    )
    return RFDB(width, width // 2, ESA(width, esa_width, refine=refine), activation=nn.SELU())


@register_model
class RLCSR(nn.Module):
    """Head, blocks, the two fusions side by side, attention, tail; `weight_norm` is the form that is trained."""

    def __init__(
        self,
        scale: float = 4,
        width: int = 32,
        blocks: int = 6,
        esa_width: int = 8,
        mask_width: int = 10,
        weight_norm: bool = False,
    ) -> None:
        super().__init__()
        self.scale = scale
        self.head = ThreeKernels(3, width)
        chain = [distillation_block(width, esa_width) for _ in range(blocks)]
        self.body = nn.Sequential(chain[0], *(Residual(block) for block in chain[1:]))
        self.fuse_all = fusion(blocks, width, nn.SELU())
        # (1 + gamma) is all that is left of a layer attention over a single layer.
        self.gamma = nn.Parameter(torch.zeros(1))
        self.trunk = ThreeKernels(width, width)
        self.fuse_next = nn.ModuleList(InterleavedFusion(width) for _ in range(blocks - 1))
        self.channel_mask = ChannelMask(2 * width, mask_width)
        self.spatial_mask = SpatialMask(bias=False)
        self.merge = ThreeKernels(2 * width, width)
        self.tail = PixelShuffleTail(width, scale, ThreeKernels(width, 3 * int(scale) ** 2, bias=True))
        if weight_norm:
            weight_normalised(self.body)
            weight_normalised(self.fuse_next)

    def forward(self, lr: Tensor) -> Tensor:
        outputs, x = [], self.head(lr)
        for block in self.body:
            x = block(x)
            outputs.append(x)
        together = self.trunk((1 + self.gamma) * self.fuse_all(torch.cat(outputs, dim=1)))
        in_turn = outputs[0]
        for fuse, output in zip(self.fuse_next, outputs[1:], strict=True):
            in_turn = fuse(in_turn, output)
        both = torch.cat([together, in_turn], dim=1)
        attended = self.channel_mask(both) * self.spatial_mask(both) * both
        return self.tail(self.merge(attended)) + enlarge(lr, self.scale, "bicubic")

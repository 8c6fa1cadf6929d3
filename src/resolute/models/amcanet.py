"""AMCANet: multi-head convolutional attention and a gated feed-forward network.

NTIRE 2026 efficient SR challenge, team 17 (Amazingren/NTIRE2026_ESR, models/team17_AMCANet.py). Data range 0..1.
Peculiar: no activation but sigmoids; norms without parameters; each head makes its mask at a resolution of its own, by
three linear layers in a row. LR sides of at least 7 (the window of the second head's pool); what lies beyond the last
window is not pooled.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from resolute.models import register_model
from resolute.models.blocks.convolution import conv1, depthwise
from resolute.models.blocks.post_upsampling import PostUpsampling
from resolute.models.blocks.residual import Residual
from resolute.models.smfanet import UnitNorm

LARGEST_STRIDE = 16


class MaskHead(nn.Module):
    """A filtered half of the features under a mask made of the other half: N x width x H x W to half the channels.

    Head `number` (from 0) pools by strides of four times its number before it makes the mask.
    """

    def __init__(self, width: int, number: int) -> None:
        super().__init__()
        half, stride = width // 2, min(4 * number, LARGEST_STRIDE)
        self.embed = conv1(width, width)
        self.query = depthwise(half)
        self.pool = nn.MaxPool2d(2 * stride - 1, stride) if number else None
        self.context = nn.Sequential(depthwise(half), depthwise(half), conv1(half, half))
        self.mask = conv1(half, half)
        self.value = depthwise(half)

    def forward(self, x: Tensor) -> Tensor:
        query, value = self.embed(x).chunk(2, dim=1)
        query = self.query(query)
        if self.pool is None:
            context = self.context(query)
        else:
            context = self.context(self.pool(query))
            context = functional.interpolate(context, size=x.shape[-2:], mode="bilinear", align_corners=False)
        return torch.sigmoid(self.mask(context + query)) * self.value(value)


class AMCA(nn.Module):
    """The heads side by side, fused (N x width x H x W to the same shape)."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = nn.ModuleList(MaskHead(width, number) for number in range(heads))
        self.fuse = conv1(heads * (width // 2), width)

    def forward(self, x: Tensor) -> Tensor:
        return self.fuse(torch.cat([head(x) for head in self.heads], dim=1))


class SigmoidGate(nn.Module):
    """A feed-forward network of which one half, filtered, is the gate of the other."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.expand = conv1(width, 2 * width)
        self.gate = nn.Sequential(depthwise(width), conv1(width, width), nn.Sigmoid())
        self.reduce = conv1(width, width)

    def forward(self, x: Tensor) -> Tensor:
        gate, gated = self.expand(x).chunk(2, dim=1)
        return self.reduce(self.gate(gate) * gated)


@register_model
class AMCANet(PostUpsampling):
    """A chain of attentions and feed-forward networks, each normalised and with a skip; a 1x1 trunk."""

    def __init__(self, scale: float = 4, width: int = 32, blocks: int = 7, heads: int = 2) -> None:
        super().__init__(width, (self._block(width, heads) for _ in range(blocks)), scale, trunk=conv1(width, width))

    @staticmethod
    def _block(width: int, heads: int) -> nn.Sequential:
        return nn.Sequential(Residual(UnitNorm(), AMCA(width, heads)), Residual(UnitNorm(), SigmoidGate(width)))

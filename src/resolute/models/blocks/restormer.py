"""Transformer blocks that attend across channels instead of pixels (Zamir et al., Restormer, CVPR 2022)."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from resolute.models.blocks.convolution import conv1, depthwise
from resolute.models.blocks.normalisation import ChannelNorm


class Embedding(nn.ModuleList):
    """Several maps of a map, each by a 1x1 and a depthwise 3x3 convolution.

    Args:
        inputs: channels of the input, N x inputs x H x W.
        outputs: channels of each of the maps, N x outputs x H x W.
        maps: how many.
        bias: of the convolutions.
        fused: one wide pair of convolutions makes all maps, instead of a pair for each. The function is the same.
    """

    def __init__(self, inputs: int, outputs: int, maps: int, bias: bool, fused: bool) -> None:
        self.maps = maps
        pairs = 1 if fused else maps
        wide = outputs * maps // pairs
        super().__init__(
            nn.Sequential(conv1(inputs, wide, bias=bias), depthwise(wide, bias=bias)) for _ in range(pairs)
        )

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        return torch.cat([pair(x) for pair in self], dim=1).chunk(self.maps, dim=1)


class TransposedAttention(nn.Module):
    """Self-attention whose tokens are channels: each head weighs its channels by their correlation over the image.

    N x width x H x W to the same shape. Every output pixel depends on the whole image.
    """

    def __init__(self, width: int, heads: int, bias: bool = False, fused: bool = True) -> None:
        super().__init__()
        self.heads = heads
        self.temperature = nn.Parameter(torch.ones(heads, 1, 1))
        self.embed = Embedding(width, width, 3, bias, fused)
        self.project = conv1(width, width, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        query, key, value = (part.flatten(2).unflatten(1, (self.heads, -1)) for part in self.embed(x))
        correlation = functional.normalize(query, dim=-1) @ functional.normalize(key, dim=-1).transpose(-1, -2)
        attended = (correlation * self.temperature).softmax(dim=-1) @ value
        return self.project(attended.reshape(x.shape))


class GatedFeedForward(nn.Module):
    """One map of the features, through GELU, gates another: N x width x H x W to the same shape."""

    def __init__(self, width: int, hidden: int, bias: bool = False, fused: bool = True) -> None:
        super().__init__()
        self.embed = Embedding(width, hidden, 2, bias, fused)
        self.project = conv1(hidden, width, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        gate, gated = self.embed(x)
        return self.project(functional.gelu(gate) * gated)


class RestormerBlock(nn.Module):
    """Transposed attention, then a gated feed-forward network, each of the normed input and added to it.

    Args:
        width: channels of the input and output (N x width x H x W).
        heads: of the attention.
        hidden: channels of each of the two maps of the feed-forward network.
        bias: of the convolutions.
        fused: whether one pair of convolutions makes all maps of an embedding.
    """

    def __init__(self, width: int, heads: int, hidden: int, bias: bool = False, fused: bool = True) -> None:
        super().__init__()
        self.norm1 = ChannelNorm(width)
        self.attention = TransposedAttention(width, heads, bias, fused)
        self.norm2 = ChannelNorm(width)
        self.feed_forward = GatedFeedForward(width, hidden, bias, fused)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attention(self.norm1(x))
        return x + self.feed_forward(self.norm2(x))

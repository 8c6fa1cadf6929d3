"""SRNO, "Super-Resolution Neural Operator".

Paper: Wei and Zhang, CVPR 2023. Peculiar: the four LR pixels around a pixel are read together, then attention without
softmax (Cao, "Choose a Transformer: Fourier or Galerkin", NeurIPS 2021) acts over all pixels of the SR image, so that
one cut into pieces is another image. The bilinearly enlarged LR image is added.
"""

import torch
from torch import Tensor, nn

from resolute.models import register_model
from resolute.models.blocks.decoder import Decoder, Read
from resolute.models.blocks.queries import Queries, rows, sides_of, weighted_corners


class Standardised(nn.Module):
    """What each head holds of a pixel, less its mean and over its deviation, with a scale and shift of the head's own.

    Unlike a layer norm: the deviation is the unbiased one, and what keeps it from zero is added to itself.
    """

    def __init__(self, heads: int, width: int) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(heads, 1, width))
        self.shift = nn.Parameter(torch.zeros(heads, 1, width))

    def forward(self, x: Tensor) -> Tensor:
        centred = x - x.mean(dim=-1, keepdim=True)
        return self.scale * centred / (x.std(dim=-1, keepdim=True) + 1e-5) + self.shift


class GalerkinAttention(nn.Module):
    """Attention without softmax, whose cost is linear in the pixels Q, then a perceptron: N x Q x width to the same."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.norm_key, self.norm_value = Standardised(heads, width // heads), Standardised(heads, width // heads)
        self.perceptron = nn.Sequential(nn.Linear(width, width), nn.GELU(), nn.Linear(width, width))

    def forward(self, x_NQC: Tensor) -> Tensor:
        query, key, value = self.qkv(x_NQC).unflatten(2, (self.heads, -1)).transpose(1, 2).chunk(3, dim=-1)
        product = self.norm_key(key).transpose(2, 3) @ self.norm_value(value) / x_NQC.shape[1]
        attended = (query @ product).transpose(1, 2).flatten(2)
        return x_NQC + self.perceptron(attended + x_NQC)


@register_model
class SRNO(Decoder):
    """Two layers of attention over the SR image.

    Args:
        width: channels of the features.
        inner: channels of the layers.
        heads: of the attention.
        hidden: width of the last perceptron's hidden layer.
    """

    skip = True
    mixes = True

    def __init__(self, width: int, inner: int = 256, heads: int = 16, hidden: int = 256) -> None:
        super().__init__()
        self.lift = nn.Linear(4 * (width + 2) + 2, inner)
        self.layers = nn.Sequential(GalerkinAttention(inner, heads), GalerkinAttention(inner, heads))
        self.heads = nn.ModuleList([nn.Sequential(nn.Linear(inner, hidden), nn.GELU(), nn.Linear(hidden, 3))])

    def reader(self, features: Tensor, cell_N2: Tensor) -> Read:
        sides, values = sides_of(features), rows(features)
        cell = cell_N2 * cell_N2.new_tensor(sides)

        def read(queries: Queries, head: int = 0) -> Tensor:
            around = weighted_corners(queries, sides)
            ways = [found.offset for found, _ in around]
            near = [values[found.index] * weight for found, weight in around]
            lifted = self.lift(torch.cat([*ways, *near, cell[queries.image]], dim=1))
            mixed = self.layers(lifted.unflatten(0, (len(cell), -1)))
            return self.heads[head](mixed.flatten(0, 1))

        return read

"""CiaoSR, "CiaoSR: Continuous Implicit Attention-in-Attention Network for Arbitrary-Scale Image Super-Resolution".

Paper: Cao et al., CVPR 2023. Peculiar: a pixel attends to the four LR pixels around it; perceptrons weigh the keys and
values, which are 3x3 features, by the way and the pixel's size, and a third one reads the colour. Values also hold what
attention across scales finds in the whole map. The bilinearly enlarged LR image is added.
"""

from collections.abc import Callable, Sequence
from functools import cache

import torch
from torch import Tensor, nn

from resolute.models import register_model
from resolute.models.blocks.coordinate_mlp import CoordinateMLP, perceptron
from resolute.models.blocks.cross_scale import CrossScaleAttention
from resolute.models.blocks.decoder import Decoder, Read
from resolute.models.blocks.queries import Found, Queries, corners, nearest, rows, sides_of, unfolded

Weigh = Callable[[int, Found], tuple[Tensor, Tensor]]
"""Gives what a head multiplies the keys and values that were found with: M x 9 C, M x (9 C + beside)."""


class Attend(nn.Module):
    """The three perceptrons of a head: of keys, of values and of the colour."""

    def __init__(self, width: int, hidden: Sequence[int], beside: int) -> None:
        super().__init__()
        self.key = CoordinateMLP(width, hidden, 9 * width)
        self.value = CoordinateMLP(width, hidden, 9 * width + beside, beside=beside)
        self.colour = perceptron(9 * width + beside, hidden, 3)


@register_model
class CiaoSR(Decoder):
    """Attention to the four LR pixels around a pixel.

    Args:
        width: channels of the features.
        hidden: widths of the hidden layers of each of the three perceptrons.
        experts: the same of several heads of three, the cheapest first; they replace the one of `hidden`.
        across: whether values hold what attention across scales finds.
    """

    skip = True

    def __init__(
        self,
        width: int,
        hidden: Sequence[int] = (256, 256, 256, 256),
        experts: Sequence[Sequence[int]] = (),
        across: bool = True,
    ) -> None:
        super().__init__()
        self.across = CrossScaleAttention(width) if across else None
        beside = width if across else 0
        self.heads = nn.ModuleList(Attend(width, layers, beside) for layers in experts or [hidden])

    def reader(self, features: Tensor, cell_N2: Tensor) -> Read:
        beside, cell = self._beside(features), cell_N2 * cell_N2.new_tensor(sides_of(features))

        @cache
        def folded(head: int) -> tuple[Tensor, Tensor]:
            mlps = self.pick(head, Attend)
            return mlps.key.folded(features, cell), mlps.value.folded(features, cell, beside)

        def weigh(head: int, found: Found) -> tuple[Tensor, Tensor]:
            mlps, (keys, values) = self.pick(head, Attend), folded(head)
            return mlps.key.read(keys, found), mlps.value.read(values, found)

        return self._reader(*self._rows(features, beside), sides_of(features), weigh)

    def reference(self, features: Tensor, cell_N2: Tensor) -> Read:
        keys, values = self._rows(features, self._beside(features))
        cell, pixels = cell_N2 * cell_N2.new_tensor(sides_of(features)), len(keys) // len(features)

        def weigh(head: int, found: Found) -> tuple[Tensor, Tensor]:
            mlps, cell_M2 = self.pick(head, Attend), cell[found.index // pixels]
            return mlps.key(keys, found, cell_M2), mlps.value(values, found, cell_M2)

        return self._reader(keys, values, sides_of(features), weigh)

    def _beside(self, features: Tensor) -> Tensor | None:
        return None if self.across is None else self.across(features)

    def _rows(self, features: Tensor, beside: Tensor | None) -> tuple[Tensor, Tensor]:
        """Keys and values, a row per LR pixel."""
        keys = unfolded(features, 3)
        return keys, keys if beside is None else torch.cat([keys, rows(beside)], dim=1)

    def _reader(self, keys: Tensor, values: Tensor, sides: tuple[int, int], weigh: Weigh) -> Read:
        def read(queries: Queries, head: int = 0) -> Tensor:
            query = keys[nearest(queries, sides).index]
            seen_keys, seen_values = [], []
            for found in corners(queries, sides, _reach(queries, sides)):
                key_weight, value_weight = weigh(head, found)
                seen_keys.append(keys[found.index] * key_weight)
                seen_values.append(values[found.index] * value_weight)
            shares = (torch.stack(seen_keys, dim=1) @ query[:, :, None]).softmax(dim=1)
            mixed = shares.transpose(1, 2) @ torch.stack(seen_values, dim=1)
            return self.pick(head, Attend).colour(mixed[:, 0])

        return read


def _reach(queries: Queries, sides: tuple[int, int]) -> Tensor:
    """How many half LR pixels away neighbours are looked for (M x 2): near one, and less the larger the pixel is."""
    extent = queries.coord.new_tensor(sides)
    return ((1 - queries.cell) * extent / (extent - 1))[queries.image]

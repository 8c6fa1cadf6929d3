"""MetaSR, "Meta-SR: A Magnification-Arbitrary Network for Super-Resolution", as LIIF's authors compare with it.

Papers: Hu et al., CVPR 2019; Chen et al., LIIF, CVPR 2021. Peculiar: a perceptron makes of a place in the LR pixel and
of the scale the filter that turns the 3x3 features about it into a colour. A query lies where its upper left corner
does. No skip from the LR image.
"""

from dataclasses import replace
from functools import cache

import torch
from torch import Tensor, nn
from torch.nn import functional

from resolute.models import register_model
from resolute.models.blocks.decoder import Decoder, Read
from resolute.models.blocks.queries import Queries, nearest, rows, sides_of, unfolded


class Filters(nn.Module):
    """Makes filters (M x 27 width: feature, row, column, colour) of places in LR pixels and scales (M x 3)."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.hidden = nn.Sequential(nn.Linear(3, hidden), nn.ReLU(inplace=True))
        self.last = nn.Linear(hidden, width * 27)

    def forward(self, place_M3: Tensor) -> Tensor:
        return self.last(self.hidden(place_M3))

    def by_unit(self, features: Tensor) -> Tensor:
        """What each hidden unit and the bias make of the features about an LR pixel: (N h w) x (units + 1) x 3.

        A filter is a sum over these, so that queries of an LR pixel share this convolution.
        """
        units = torch.cat([self.last.weight, self.last.bias[:, None]], dim=1).unflatten(0, (-1, 3, 3, 3))
        made = functional.conv2d(features, units.permute(4, 3, 0, 1, 2).flatten(0, 1), padding=1)
        return rows(made).unflatten(1, (-1, 3))


@register_model
class MetaSR(Decoder):
    """A filter of its own for every pixel.

    Args:
        width: channels of the features.
        hidden: width of the hidden layer.
    """

    def __init__(self, width: int, hidden: int = 256) -> None:
        super().__init__()
        self.heads = nn.ModuleList([Filters(width, hidden)])

    def reader(self, features: Tensor, cell_N2: Tensor) -> Read:
        sides = sides_of(features)

        @cache
        def by_unit(head: int) -> Tensor:
            return self.pick(head, Filters).by_unit(features)

        def read(queries: Queries, head: int = 0) -> Tensor:
            index, place_M3 = self._placed(queries, sides)
            hidden = functional.pad(self.pick(head, Filters).hidden(place_M3), (0, 1), value=1.0)
            return (hidden[:, None] @ by_unit(head)[index])[:, 0]

        return read

    def reference(self, features: Tensor, cell_N2: Tensor) -> Read:
        around = unfolded(features, 3)

        def read(queries: Queries, head: int = 0) -> Tensor:
            index, place_M3 = self._placed(queries, sides_of(features))
            filters = self.heads[head](place_M3).unflatten(1, (-1, 3))
            return (around[index][:, None] @ filters)[:, 0]

        return read

    def _placed(self, queries: Queries, sides: tuple[int, int]) -> tuple[Tensor, Tensor]:
        """The row of the LR pixel, the way to the query from corner to corner in LR pixels, and 1 / scale (M x 3)."""
        cell = queries.cell[queries.image]
        found = nearest(replace(queries, coord=queries.coord - cell / 2), sides, cell.new_zeros(2))
        return found.index, torch.cat([(found.offset + 1) / 2, cell[:, :1] * (sides[0] / 2)], dim=1)

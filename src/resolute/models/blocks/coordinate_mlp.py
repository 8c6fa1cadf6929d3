"""The perceptron that reads a colour off a feature and a place in it (Chen et al., LIIF, CVPR 2021)."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from resolute.models.blocks.queries import Found, rows


def perceptron(inputs: int, hidden: Sequence[int], outputs: int) -> nn.Sequential:
    """Linear layers with ReLU between them."""
    widths = [inputs, *hidden]
    layers: list[nn.Module] = []
    for before, after in pairwise(widths):
        layers += [nn.Linear(before, after), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers, nn.Linear(widths[-1], outputs))


class CoordinateMLP(nn.Module):
    """A perceptron on the features about an LR pixel, the way from its centre to a query, and the query's size.

    Its first layer is linear in the features, which many queries share: over a whole map it is a convolution, done once
    per LR pixel instead of four times per query (`folded`).

    Args:
        width: channels of the map.
        hidden: widths of the hidden layers; none is an affine map.
        outputs: 3 for a colour.
        kernel: 3 reads the 3x3 features about the LR pixel, with zeros beyond the map, 1 the pixel's own.
        cell: whether it reads the size of the query.
        beside: channels of a second map, of which it reads the LR pixel's own after the features about it.
    """

    def __init__(
        self,
        width: int,
        hidden: Sequence[int],
        outputs: int = 3,
        kernel: int = 3,
        cell: bool = True,
        beside: int = 0,
    ) -> None:
        super().__init__()
        self.width, self.kernel, self.features = width, kernel, width * kernel**2 + beside
        self.reads_cell = cell
        self.layers = perceptron(self.features + 2 + 2 * cell, hidden, outputs)

    def forward(self, features_rows: Tensor, found: Found, cell_M2: Tensor) -> Tensor:
        """As it is written: M x outputs, of a row of features per LR pixel and of cells in half LR pixels."""
        inputs = [features_rows[found.index], found.offset]
        return self.layers(torch.cat([*inputs, cell_M2] if self.reads_cell else inputs, dim=1))

    def folded(self, map_NCHW: Tensor, cell_N2: Tensor, beside_NCHW: Tensor | None = None) -> Tensor:
        """What of the first layer does not depend on the way to the query, a row per LR pixel: (N h w) x hidden."""
        first, width = self._first, self.width
        near = width * self.kernel**2
        around, own = first.weight[:, :near], first.weight[:, near : self.features]
        kernel = around.unflatten(1, (width, self.kernel, self.kernel))
        summed = functional.conv2d(map_NCHW, kernel, first.bias, padding=self.kernel // 2)
        if beside_NCHW is not None:
            summed = summed + functional.conv2d(beside_NCHW, own[:, :, None, None])
        if self.reads_cell:
            summed = summed + (cell_N2 @ first.weight[:, -2:].T)[:, :, None, None]
        return rows(summed)

    def read(self, folded_rows: Tensor, found: Found) -> Tensor:
        """What `forward` gives within rounding, of rows that `folded` makes."""
        way = self._first.weight[:, self.features : self.features + 2].T
        x = torch.addmm(folded_rows[found.index], found.offset, way)
        return self.layers[1:](x)

    @property
    def _first(self) -> nn.Linear:
        first = self.layers[0]
        assert isinstance(first, nn.Linear)
        return first

"""Which pixels attend to which: tokens of 8 x 8 pixels, and more of them around or between, as keys.

HAESR's (NTIRE 2026). B: images, C: channels, H and W: sides of the map, multiples of 8, M: areas of all images, T: the
64 queries of an area, K: its keys.
"""

from abc import abstractmethod
from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.nn import functional

from resolute.models.blocks.windows import from_windows, relative_positions, to_windows

SIZE = 8
REACH = 4
PATCH = SIZE + 2 * REACH

Place = tuple[int, int]


class Tokens(nn.Module):
    """Cuts maps into queries and keys. `keys` is how many keys an area has."""

    keys: int

    @abstractmethod
    def cut(self, x_BCHW: Tensor) -> tuple[Tensor, Tensor]:
        """The queries, M x T x C, and the keys, M x K x C."""

    @abstractmethod
    def put_back(self, x_MTC: Tensor, like_BCHW: Tensor) -> Tensor:
        """Queries as a map of the sides of another one, B x C x H x W."""

    @abstractmethod
    def position_bias(self) -> nn.Module:
        """A module without input that learns a number for every query and key: 1 x T x K."""


class WindowTokens(Tokens):
    """Windows whose keys reach over their border, where zeros are outside of the map.

    Args:
        around: places (row, column) of the keys outside of the window, in the patch of 16 x 16 pixels around it. Keys
            are in the order of rows and columns, those of the window among them.
    """

    def __init__(self, around: Iterable[Place]) -> None:
        super().__init__()
        middle = range(REACH, REACH + SIZE)
        places = sorted({*around, *((row, column) for row in middle for column in middle)})
        self.keys = len(places)
        self.places: Tensor
        self.register_buffer("places", torch.tensor([row * PATCH + column for row, column in places]), persistent=False)

    def cut(self, x_BCHW: Tensor) -> tuple[Tensor, Tensor]:
        padded = functional.pad(x_BCHW, (REACH,) * 4)
        patches = padded.unfold(2, PATCH, SIZE).unfold(3, PATCH, SIZE).permute(0, 2, 3, 4, 5, 1)
        keys = patches.flatten(3, 4).flatten(0, 2).index_select(1, self.places)
        return to_windows(x_BCHW.permute(0, 2, 3, 1), SIZE), keys

    def put_back(self, x_MTC: Tensor, like_BCHW: Tensor) -> Tensor:
        return from_windows(x_MTC, SIZE, like_BCHW.shape[2], like_BCHW.shape[3]).permute(0, 3, 1, 2)

    def position_bias(self) -> nn.Module:
        return FreeBias(SIZE**2, self.keys)


class GridTokens(Tokens):
    """Grids of 8 x 8 pixels that span the map, whose keys are those and a grid between them.

    Args:
        rows, columns: of the grid between: 7, half a step below or right of the others, or 8, on a line with them.
    """

    def __init__(self, rows: int, columns: int) -> None:
        super().__init__()
        self.between = rows, columns
        self.keys = SIZE**2 + rows * columns

    def cut(self, x_BCHW: Tensor) -> tuple[Tensor, Tensor]:
        rows, columns = self.between
        height, width = x_BCHW.shape[2] // SIZE, x_BCHW.shape[3] // SIZE
        shifted = x_BCHW
        if rows < SIZE:
            shifted = shifted[:, :, height // 2 : height // 2 + rows * height]
        if columns < SIZE:
            shifted = shifted[:, :, :, width // 2 : width // 2 + columns * width]
        queries = to_grid(x_BCHW, SIZE, SIZE)
        return queries, torch.cat([queries, to_grid(shifted, rows, columns)], dim=1)

    def put_back(self, x_MTC: Tensor, like_BCHW: Tensor) -> Tensor:
        height, width = like_BCHW.shape[2] // SIZE, like_BCHW.shape[3] // SIZE
        x = x_MTC.unflatten(1, (SIZE, SIZE)).unflatten(0, (-1, height, width))
        return x.permute(0, 5, 3, 1, 4, 2).flatten(4, 5).flatten(2, 3)

    def position_bias(self) -> nn.Module:
        return GridBias(self.keys - SIZE**2)


def to_grid(x_BCHW: Tensor, rows: int, columns: int) -> Tensor:
    """A map whose sides are multiples of a grid's rows and columns as the grids that span it: M x rows columns x C."""
    x = x_BCHW.unflatten(3, (columns, -1)).unflatten(2, (rows, -1))
    return x.permute(0, 3, 5, 2, 4, 1).flatten(3, 4).flatten(0, 2)


class FreeBias(nn.Module):
    """A number for every query and key: 1 x queries x keys."""

    def __init__(self, queries: int, keys: int) -> None:
        super().__init__()
        self.free = nn.Parameter(torch.randn(1, queries, keys) * 0.02)

    def forward(self) -> Tensor:
        return self.free


class GridBias(nn.Module):
    """A number for every relative position in a grid, and one for every query and further key: 1 x 64 x keys."""

    def __init__(self, further: int) -> None:
        super().__init__()
        self.table = nn.Parameter(torch.randn((2 * SIZE - 1) ** 2, 1) * 0.02)
        self.further = nn.Parameter(torch.randn(1, SIZE**2, further) * 0.02)
        self.positions: Tensor
        self.register_buffer("positions", relative_positions(SIZE), persistent=False)

    def forward(self) -> Tensor:
        return torch.cat([self.table[self.positions].permute(2, 0, 1), self.further], dim=2)

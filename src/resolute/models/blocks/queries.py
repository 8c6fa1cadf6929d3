"""Pixels of an SR image as queries of maps of LR size: where each lies, and which LR pixel it reads.

Coordinates are LIIF's (Chen et al., CVPR 2021): vertical first, of pixel centres, from -1 to 1 over the whole frame, so
that a step of one half LR pixel is 1/h. M: the queries of all images of a batch, N: images, h and w: sides of the LR
maps.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

SHIFT = 1e-6  # keeps a query off the edge between two LR pixels, and off the frame's
AREA = 1e-9  # least area of a rectangle between a query and an LR pixel


@dataclass(frozen=True)
class Queries:
    """What is asked of the maps of a batch.

    Attributes:
        coord: where the pixels lie, M x 2.
        image: in which image each lies (M), an integer.
        cell: the sides of the pixels of each image, where the frame is 2 x 2: N x 2.
    """

    coord: Tensor
    image: Tensor
    cell: Tensor


@dataclass(frozen=True)
class Grid:
    """All pixels of the SR images of a batch, numbered row by row.

    Attributes:
        sides: of an SR image.
        share: of the frame that the LR image takes, in height and width.
        cell: as of `Queries`.
    """

    sides: tuple[int, int]
    share: tuple[float, float]
    cell: Tensor

    @classmethod
    def of(cls, lr: Tensor, frame: Tensor, scale: float, longest: float) -> "Grid":
        """The grid over LR images (N x 3 x h x w), which lie in the upper left of a frame.

        Args:
            longest: the scale beyond which pixels are said to be as large as at this one.
        """
        height, width, rows, columns = map(_exact, (*sides_of(lr), *sides_of(frame)))
        sides = _whole(height * scale), _whole(width * scale)
        share = height / rows, width / columns
        cell = [2 / side * part * max(scale / longest, 1) for side, part in zip(sides, share, strict=True)]
        return cls(sides, share, as_numbers(cell, lr).expand(len(lr), 2))

    @property
    def size(self) -> int:
        """How many pixels an image has."""
        return self.sides[0] * self.sides[1]

    @property
    def numbers(self) -> Tensor:
        """Those of all pixels of an image."""
        return torch.arange(self.size, device=self.cell.device)

    def queries(self, numbers: Tensor) -> Queries:
        """The pixels with some numbers, of every image.

        In float64: a tile gives what the whole image gives, whose coordinates float32 would round otherwise.
        """
        places = numbers // self.sides[1], numbers % self.sides[1]
        axes = zip(places, self.sides, self.share, strict=True)
        coord = torch.stack([(2 * place.double() + 1) / side * share - 1 for place, side, share in axes], dim=1)
        return ask(coord.expand(len(self.cell), -1, -1), self.cell)


@dataclass(frozen=True)
class Found:
    """The LR pixels that queries read.

    Attributes:
        index: their rows among those that `rows` makes of a map (M).
        offset: from their centres to the queries, in half LR pixels: M x 2.
    """

    index: Tensor
    offset: Tensor

    @property
    def area(self) -> Tensor:
        """Of the rectangles between queries and LR pixels: M."""
        return self.offset.prod(dim=1).abs() + AREA


def ask(coord_NQ2: Tensor, cell_N2: Tensor) -> Queries:
    """The same number of queries of every image."""
    N, Q, _ = coord_NQ2.shape
    image = torch.arange(N, device=coord_NQ2.device).repeat_interleave(Q)
    return Queries(coord_NQ2.flatten(0, 1), image, cell_N2)


def sides_of(map_NCHW: Tensor) -> tuple[int, int]:
    """Height and width of a map."""
    return map_NCHW.shape[2], map_NCHW.shape[3]


def as_numbers(values: Sequence[float], like: Tensor) -> Tensor:
    """Sides, or what is computed of them, in the type of `like`; of a trace's tensors `new_tensor` makes constants."""
    if torch.jit.is_tracing():
        return torch.stack([torch.as_tensor(value) for value in values]).to(like)
    return like.new_tensor(values)


def _exact(side: int) -> float:
    """A side of which nothing is computed in float32, as it is of a trace's tensors."""
    return side.double() if isinstance(side, Tensor) else side


def _whole(side: float) -> int:
    return side.round().long() if isinstance(side, Tensor) else round(side)


def rows(map_NCHW: Tensor) -> Tensor:
    """A map with one row per LR pixel: (N h w) x C."""
    return map_NCHW.permute(0, 2, 3, 1).flatten(0, 2)


def unfolded(map_NCHW: Tensor, kernel: int) -> Tensor:
    """The features about every LR pixel, a row each, with zeros beyond the map: (N h w) x (C kernel kernel)."""
    if kernel == 1:
        return rows(map_NCHW)
    patches = functional.unfold(map_NCHW, kernel, padding=kernel // 2)
    return patches.transpose(1, 2).flatten(0, 1)


def nearest(queries: Queries, sides: tuple[int, int], shift: Tensor | None = None) -> Found:
    """The LR pixel in which each query lies; half to even on an edge, as torch samples grids.

    Args:
        sides: h, w of the maps.
        shift: by how many half LR pixels the queries are moved first (2, or M x 2), and kept within the frame; offsets
            are from where they were.
    """
    coord = queries.coord
    extent = as_numbers(sides, coord)
    asked = coord
    if shift is not None:
        asked = (coord + shift / extent + SHIFT).clamp(SHIFT - 1, 1 - SHIFT)
    place = (((asked + 1) * extent - 1) / 2).round().clamp(coord.new_zeros(2), extent - 1)
    centre = (2 * place + 1) / extent - 1
    row, column = place.long().unbind(1)
    height, width = sides
    offset = ((coord - centre) * extent).to(queries.cell.dtype)
    return Found((queries.image * height + row) * width + column, offset)


def corners(queries: Queries, sides: tuple[int, int], reach: Tensor | float = 1.0) -> list[Found]:
    """The four LR pixels around each query: upper left, upper right, lower left, lower right.

    Args:
        reach: how many half LR pixels from the query they are looked for, each way (one number, or M x 2).
    """
    ways = [queries.coord.new_tensor((down, right)) for down in (-1, 1) for right in (-1, 1)]
    return [nearest(queries, sides, way * reach) for way in ways]


def weighted_corners(queries: Queries, sides: tuple[int, int]) -> list[tuple[Found, Tensor]]:
    """The same with their weights (M x 1): the share of the area opposite to each."""
    around = corners(queries, sides)
    areas = [found.area for found in around]
    whole = torch.stack(areas).sum(dim=0)
    return [(found, (opposite / whole)[:, None]) for found, opposite in zip(around, reversed(areas), strict=True)]


def local_ensemble(queries: Queries, sides: tuple[int, int], predict: Callable[[Found], Tensor]) -> Tensor:
    """What the four LR pixels around a query predict, each weighted by the area opposite to it: M x C."""
    total: Tensor | None = None
    for found, weight in weighted_corners(queries, sides):
        weighted = predict(found) * weight
        total = weighted if total is None else total + weighted
    assert total is not None
    return total


def bilinear(map_NCHW: Tensor, queries: Queries) -> Tensor:
    """A map at the queries, between the four pixels around each; beyond the outermost centres theirs: M x C.

    Of gathers, because on CUDA the backward pass of `grid_sample` is not deterministic.
    """
    extent = as_numbers(sides_of(map_NCHW), queries.coord)
    place = (((queries.coord + 1) * extent - 1) / 2).clamp(queries.coord.new_zeros(2), extent - 1)
    low = place.floor()
    row, column = low.long().unbind(1)
    below, right = (low + 1).minimum(extent - 1).long().unbind(1)
    down, across = (place - low).to(map_NCHW.dtype).split(1, dim=1)
    values, (height, width) = rows(map_NCHW), sides_of(map_NCHW)
    above = queries.image * height * width + row * width, queries.image * height * width + below * width
    upper, lower = (values[start + column].lerp(values[start + right], across) for start in above)
    return upper.lerp(lower, down)

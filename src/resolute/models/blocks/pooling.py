"""Maxima over the cells of a grid."""

import torch
from torch import Tensor
from torch.nn import functional


def max_pool_cells(x: Tensor, factor: int) -> Tensor:
    """N x C x H x W to the maxima of H // factor by W // factor cells, which overlap where `factor` leaves a rest.

    What `adaptive_max_pool2d` does, whose backward pass is not deterministic on CUDA: sides that `factor` divides, as
    those of training patches, do without it. A traced graph serves all sides, and no format has that operator for them.
    """
    height, width = x.shape[-2:]
    if torch.jit.is_tracing():
        return maxima_of_cells(x, factor)
    if height % factor or width % factor:
        return functional.adaptive_max_pool2d(x, (height // factor, width // factor))
    return functional.max_pool2d(x, factor)


def maxima_of_cells(x: Tensor, factor: int) -> Tensor:
    """What `max_pool_cells` gives, in one form for all sides: its backward pass is deterministic whatever they are."""
    height, width = x.shape[-2:]
    return _maxima(_maxima(x, 2, height, factor), 3, width, factor)


def _maxima(x: Tensor, axis: int, side: int, factor: int) -> Tensor:
    """The maxima along one axis: cell i of n is from floor(i side / n) to ceil((i + 1) side / n)."""
    cells = side // factor
    number = torch.arange(cells, device=x.device)[:, None]
    first, last = number * side // cells, ((number + 1) * side + cells - 1) // cells - 1
    longest = torch.arange(2 * factor + 1, device=x.device)  # less than two whole cells, and an edge
    places = torch.minimum(first + longest, last)
    return x.index_select(axis, places.flatten()).unflatten(axis, places.shape).amax(axis + 1)

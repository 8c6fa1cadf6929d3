"""Attention across channels inside windows that cover a map, overlap, and are averaged where they do.

TLC's way of keeping what attention sees at the size that it was trained at (Chu et al., "Improving Image Restoration by
Revisiting Global Information Aggregation", ECCV 2022); NTIRE 2025 and 2026 networks after DAN have it.
"""

import torch
from torch import Tensor, fx, nn
from torch.nn import functional

from resolute.models.blocks.convolution import conv1, depthwise
from resolute.models.blocks.sizes import larger, quotient_up, smaller

# How many windows there are depends on the map's sides alone; that cannot be traced.
fx.wrap("to_covering_windows")
fx.wrap("from_covering_windows")


def covering(side: int, size: int, device: torch.device) -> Tensor:
    """The places of the windows that cover a side: windows x window, the window `size` long or the whole side.

    As few windows as reach, spread evenly, but that the last one ends where the side does.
    """
    window = smaller(side, size)
    rest = side - window
    gaps = (side - 1) // window
    step = larger(quotient_up(rest, larger(gaps, 1)), 1)
    starts = torch.arange(quotient_up(rest, step) + 1, device=device) * step
    return starts.clamp(max=rest)[:, None] + torch.arange(window, device=device)


def to_covering_windows(x: Tensor, size: int) -> Tensor:
    """N x C x H x W to N x rows of windows x columns of windows x C x pixels of a window."""
    rows, columns = (covering(side, size, x.device) for side in x.shape[-2:])
    x = x.index_select(2, rows.flatten()).unflatten(2, rows.shape)
    x = x.index_select(4, columns.flatten()).unflatten(4, columns.shape)
    return x.permute(0, 2, 4, 1, 3, 5).flatten(-2)


def from_covering_windows(windows: Tensor, size: int, like: Tensor) -> Tensor:
    """The mean of all windows at every pixel: N x C x H x W, with the sides of `like`."""
    x = windows.unflatten(-1, (smaller(like.shape[-2], size), -1)).permute(0, 3, 1, 4, 2, 5)
    for axis, side in ((4, like.shape[-1]), (2, like.shape[-2])):
        places = covering(side, size, x.device).flatten()
        x = x.flatten(axis, axis + 1)
        shares = x.new_zeros(side).index_add(0, places, x.new_ones(places.shape))
        shares = shares.reciprocal().reshape([-1] + [1] * (x.ndim - axis - 1))
        # Windows have no fewer places than the side: a slice of theirs has its shape, in a traced graph too.
        x = torch.zeros_like(x.narrow(axis, 0, side)).index_add(axis, places, x) * shares
    return x


class CoveringAttention(nn.Module):
    """Channels attend to channels: gated features are queries and values at once, in windows of `size`.

    N x width x H x W to the same shape. No convolution has a bias.
    """

    def __init__(self, width: int, size: int) -> None:
        super().__init__()
        self.size = size
        self.temperature = nn.Parameter(torch.ones(1, 1))
        self.embed = conv1(width, 4 * width, bias=False)
        self.filter = depthwise(2 * width, bias=False)
        self.project = conv1(width, width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        filtered, gate = self.embed(x).chunk(2, dim=1)
        windows = to_covering_windows(self.filter(filtered) * gate, self.size)
        query, value = windows.chunk(2, dim=-2)
        correlation = functional.normalize(query, dim=-1) @ functional.normalize(value, dim=-1).transpose(-1, -2)
        attended = (correlation * self.temperature).softmax(dim=-1) @ value
        return self.project(from_covering_windows(attended, self.size, x))

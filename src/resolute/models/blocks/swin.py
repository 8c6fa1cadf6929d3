"""Transformer layers that attend inside windows, on maps whose sides are multiples of the window's.

B: images, H and W: sides of the map, C: channels.
"""

import torch
from torch import Tensor, fx, nn
from torch.nn import functional

from resolute.models.blocks.windows import FusedWindowAttention, WindowAttention, from_windows, shift_mask, to_windows

# Depends on the map's sides alone; its loop over them cannot be traced.
fx.wrap("shift_mask")


def pad_to_multiple(x_BCHW: Tensor, size: int, reflect: bool = False) -> Tensor:
    """Add rows at the bottom and columns at the right until both sides are multiples of `size`.

    Args:
        reflect: whether they mirror the image about its last row and column; else they are zeros.
    """
    height, width = x_BCHW.shape[-2:]
    rows, columns = -height % size, -width % size
    if not reflect:
        return functional.pad(x_BCHW, (0, columns, 0, rows))
    # On CUDA the backward pass of a reflecting `pad` is not deterministic.
    taller = torch.cat([x_BCHW, x_BCHW[:, :, height - 1 - rows : -1].flip(2)], dim=2)
    return torch.cat([taller, taller[:, :, :, width - 1 - columns : -1].flip(3)], dim=3)


def attend_in_windows(
    attention: WindowAttention | FusedWindowAttention, x_BHWC: Tensor, size: int, shift: int = 0
) -> Tensor:
    """Attention inside windows of side `size`, whose grid begins `shift` pixels below and right of the corner."""
    _, H, W, _ = x_BHWC.shape
    if not shift:
        return from_windows(attention(to_windows(x_BHWC, size)), size, H, W)
    windows = to_windows(x_BHWC.roll((-shift, -shift), (1, 2)), size)
    attended = attention(windows, shift_mask(H, W, size, shift, x_BHWC))
    return from_windows(attended, size, H, W).roll((shift, shift), (1, 2))


class StochasticDepth(nn.Module):
    """What is added to an input, left out at random in training, image by image (Huang et al., ECCV 2016).

    What stays is scaled up, so that its mean is that of inference, where nothing is left out.

    Args:
        rate: the chance of an image to go without.
    """

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate

    def forward(self, added: Tensor) -> Tensor:
        if not self.training or not self.rate:
            return added
        kept = torch.rand(added.shape[0], *[1] * (added.ndim - 1), device=added.device) >= self.rate
        return added * kept / (1 - self.rate)


class SwinLayer(nn.Module):
    """Window attention, then a perceptron, each added to its input (Liu et al., Swin, ICCV 2021).

    Maps B x H x W x C to the same shape.

    Args:
        width: channels C.
        heads: of the attention.
        size: side of the windows.
        shift: of the grid of windows.
        hidden: channels inside the perceptron.
        norm: makes the norms before attention and perceptron from the width.
        skip: the chance of either to be left out in training.
    """

    def __init__(
        self,
        width: int,
        heads: int,
        size: int,
        shift: int,
        hidden: int,
        norm: type[nn.Module] = nn.LayerNorm,
        skip: float = 0,
    ) -> None:
        super().__init__()
        self.size = size
        self.shift = shift
        self.norm1 = norm(width)
        self.attention = WindowAttention(width, heads, size)
        self.norm2 = norm(width)
        self.perceptron = nn.Sequential(nn.Linear(width, hidden), nn.GELU(), nn.Linear(hidden, width))
        self.thinned = StochasticDepth(skip)

    def forward(self, x_BHWC: Tensor) -> Tensor:
        x = x_BHWC + self.thinned(attend_in_windows(self.attention, self.norm1(x_BHWC), self.size, self.shift))
        # One row of tokens, as in the released networks: counters look at the shape that a linear layer is given.
        tokens = self.norm2(x).flatten(1, 2)
        return x + self.thinned(self.perceptron(tokens).reshape(x.shape))

"""Self-attention inside square windows (Liu et al., Swin, ICCV 2021), on maps with the channels last.

B: images, H and W: sides of the map, C: channels, M: windows of all images, T: tokens of a window, row by row.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from resolute.models.blocks.preparable import Preparable


def to_windows(x_BHWC: Tensor, size: int) -> Tensor:
    """Cut a map whose sides are multiples of `size` into windows: M x T x C, image by image, row by row."""
    B, H, W, C = x_BHWC.shape
    x = x_BHWC.view(B, H // size, size, W // size, size, C).transpose(2, 3)
    return x.reshape(-1, size * size, C)


def from_windows(x_MTC: Tensor, size: int, height: int, width: int) -> Tensor:
    """Undo `to_windows` for a map of height x width: B x H x W x C."""
    C = x_MTC.shape[-1]
    x = x_MTC.view(-1, height // size, width // size, size, size, C).transpose(2, 3)
    return x.reshape(-1, height, width, C)


def shift_mask(height: int, width: int, size: int, shift: int, like: Tensor) -> Tensor:
    """What is added to the logits of a map that was rolled by -shift: -100 between tokens that are no neighbours.

    Returns:
        (windows of one image) x T x T, of the type and on the device of `like`.
    """
    label_HW = torch.zeros(height, width, device=like.device)
    for axis, side in enumerate((height, width)):
        band = torch.zeros(side, device=like.device)
        band[-size:-shift] = 1
        band[-shift:] = 2
        label_HW += band[:, None] * 3 if axis == 0 else band[None, :]
    label_MT = to_windows(label_HW[None, :, :, None], size)[:, :, 0]
    return torch.where(label_MT[:, :, None] == label_MT[:, None, :], 0.0, -100.0).to(like.dtype)


def relative_positions(size: int) -> Tensor:
    """The row of the table of position biases for every query and key of a window: T x T, integers.

    Row (dy + size - 1) * (2 size - 1) + dx + size - 1, where dy and dx are query less key.
    """
    y, x = torch.meshgrid(torch.arange(size), torch.arange(size), indexing="ij")
    dy, dx = (axis.flatten()[:, None] - axis.flatten()[None, :] + size - 1 for axis in (y, x))
    return dy * (2 * size - 1) + dx


class WindowAttention(Preparable):
    """Multi-head self-attention of the tokens of each window, M x T x C to the same shape.

    Args:
        width: channels C; each head has its share of them.
        heads: how many.
        size: side of the window.
        qkv_bias: whether the layer that makes queries, keys and values has a bias.
        position_bias: add a learned number per head and relative position to the logits.
    """

    def __init__(self, width: int, heads: int, size: int, qkv_bias: bool = True, position_bias: bool = True) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width, bias=qkv_bias)
        self.project = nn.Linear(width, width)
        self.position_bias = None
        if position_bias:
            self.position_bias = nn.Parameter(torch.randn((2 * size - 1) ** 2, heads) * 0.02)
            self.register_buffer("positions", relative_positions(size), persistent=False)

    def forward(self, x_MTC: Tensor, mask_LTT: Tensor | None = None) -> Tensor:
        """Attend; the L masks of one image (`shift_mask`) serve every image of the batch."""
        M, T, C = x_MTC.shape
        query, key, value = self.qkv(x_MTC).view(M, T, 3, self.heads, C // self.heads).permute(2, 0, 3, 1, 4)
        logits = (query * (C // self.heads) ** -0.5) @ key.transpose(-1, -2)
        if self.position_bias is not None:
            logits = logits + self.position_bias[self.get_buffer("positions")].permute(2, 0, 1)
        if mask_LTT is not None:
            L = mask_LTT.shape[0]
            logits = (logits.view(-1, L, self.heads, T, T) + mask_LTT[:, None]).view(M, self.heads, T, T)
        attended = logits.softmax(dim=-1) @ value
        return self.project(attended.transpose(1, 2).reshape(M, T, C))

    def prepare(self) -> "FusedWindowAttention":
        return FusedWindowAttention(self)


class FusedWindowAttention(nn.Module):
    """What a `WindowAttention` computes, without the logits of more than a few windows in memory at a time."""

    def __init__(self, released: WindowAttention) -> None:
        super().__init__()
        self.heads, self.qkv, self.project = released.heads, released.qkv, released.project
        self.bias_1JTT: Tensor | None
        bias = None
        if released.position_bias is not None:
            bias = released.position_bias.detach()[released.get_buffer("positions")].permute(2, 0, 1)[None].contiguous()
        self.register_buffer("bias_1JTT", bias, persistent=False)

    def forward(self, x_MTC: Tensor, mask_LTT: Tensor | None = None) -> Tensor:
        M, T, C = x_MTC.shape
        query, key, value = self.qkv(x_MTC).view(M, T, 3, self.heads, C // self.heads).permute(2, 0, 3, 1, 4)
        added = self.bias_1JTT
        if mask_LTT is not None:
            own = mask_LTT[:, None] if added is None else mask_LTT[:, None] + added
            added = own[None].expand(M // mask_LTT.shape[0], -1, -1, -1, -1).flatten(0, 1)
        attended = functional.scaled_dot_product_attention(query, key, value, attn_mask=added)
        return self.project(attended.transpose(1, 2).reshape(M, T, C))

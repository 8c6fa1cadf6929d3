"""HAESR: large kernels, extended windows and grids of tokens on fewer and fewer channels, attention across channels.

NTIRE 2026 efficient SR challenge, team 06 (Amazingren/NTIRE2026_ESR, models/team06_HAESR.py). Data range 0..1.
Peculiar: the second and third group attend by the weights of the first; keys reach beyond a window in a star, a cross
or corners; grids span the whole image, and so do means. The image is mirrored on to multiples of 8. LR sides of at
least 9 (ESA, on 16).
"""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional

from resolute.models import register_model
from resolute.models.blocks.attention import ESA
from resolute.models.blocks.convolution import conv, conv1, conv3, depthwise
from resolute.models.blocks.post_upsampling import PixelShuffleTail
from resolute.models.blocks.residual import Residual
from resolute.models.blocks.restormer import GatedFeedForward, TransposedAttention
from resolute.models.blocks.swin import pad_to_multiple
from resolute.models.blocks.token_grids import PATCH, REACH, SIZE, GridTokens, Place, Tokens, WindowTokens
from resolute.models.blocks.written_norm import WrittenNorm

EPSILON = 1e-6
KERNEL = 31


def star() -> list[Place]:
    """Places around a window on the eight rays from its middle, of which the axes are one pixel below and right."""
    places: list[Place] = []
    for near, far in zip(range(REACH), range(PATCH - 1, PATCH - 1 - REACH, -1), strict=True):
        places += [(near, PATCH // 2), (far, PATCH // 2), (PATCH // 2, near), (PATCH // 2, far)]
        places += [(near, near), (near, far), (far, near), (far, far)]
    return places


def cross() -> list[Place]:
    """Places around a window on the two rows and the two columns through its middle."""
    outside = [*range(REACH), *range(PATCH - REACH, PATCH)]
    middle = (PATCH // 2 - 1, PATCH // 2)
    return [place for far in outside for near in middle for place in ((far, near), (near, far))]


def corners() -> list[Place]:
    """The 3 x 3 pixels in each corner of the patch."""
    ends = [*range(3), *range(PATCH - 3, PATCH)]
    return [(row, column) for row in ends for column in ends]


# What the three stages of a group attend to: in windows, then in grids.
WINDOWS: tuple[Callable[[], Tokens], ...] = tuple(partial(WindowTokens, around()) for around in (star, cross, corners))
GRIDS: tuple[Callable[[], Tokens], ...] = tuple(partial(GridTokens, *sides) for sides in ((7, 7), (8, 7), (7, 8)))
STAGES = len(WINDOWS)


class LargeKernel(nn.Module):
    """A quarter of the shuffled channels, scaled by its mean, under a striped kernel; beside it a small kernel.

    N x width x H x W to the same shape.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        quarter = width // 4
        self.sizes = [quarter, width - quarter]
        self.shuffle = nn.ChannelShuffle(quarter)
        self.row = conv(quarter, quarter, (1, KERNEL), groups=quarter)
        self.column = conv(quarter, quarter, (KERNEL, 1), groups=quarter)
        self.mix = conv1(width, width)
        self.near = depthwise(width)
        self.fuse = conv1(2 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        large, kept = torch.split(self.shuffle(x), self.sizes, dim=1)
        large = large * torch.sigmoid(functional.adaptive_avg_pool2d(large, 1))
        far = functional.gelu(self.mix(torch.cat([self.column(self.row(large)), kept], dim=1)))
        return functional.gelu(self.fuse(torch.cat([self.near(x), far], dim=1)))


class TokenAttention(nn.Module):
    """One head of attention, whose weights it makes, or is given where it is `led`.

    Maps features (N x width x H x W) and the weights to features of the same shape, and the weights.
    """

    def __init__(self, width: int, tokens: Tokens, led: bool) -> None:
        super().__init__()
        self.scale = width**-0.5
        self.tokens = tokens
        self.query = None if led else nn.Linear(width, width, bias=False)
        self.bias = None if led else tokens.position_bias()
        self.values = nn.Linear(width, width if led else 2 * width, bias=False)
        self.project = nn.Linear(width, width, bias=False)

    def forward(self, x: Tensor, weights: Tensor | None) -> tuple[Tensor, Tensor]:
        queries, keys = self.tokens.cut(x)
        value = self.values(keys)
        if self.query is not None and self.bias is not None:
            key, value = value.chunk(2, dim=-1)
            similar = torch.einsum("mtc,mkc->mtk", self.query(queries) * self.scale, key)
            weights = (similar + self.bias()).softmax(dim=-1)
        assert weights is not None
        return self.tokens.put_back(self.project(torch.einsum("mtk,mkc->mtc", weights, value)), x), weights


class TokenLayer(nn.Module):
    """Attention, then a gated feed-forward network, each of the normed input and added to it."""

    def __init__(self, width: int, tokens: Tokens, led: bool) -> None:
        super().__init__()
        self.norm = WrittenNorm(width, EPSILON)
        self.attention = TokenAttention(width, tokens, led)
        self.feed_forward = Residual(WrittenNorm(width, EPSILON), GatedFeedForward(width, width))

    def forward(self, x: Tensor, weights: Tensor | None) -> tuple[Tensor, Tensor]:
        attended, weights = self.attention(self.norm(x), weights)
        return self.feed_forward(x + attended), weights


class ChannelAttention(TransposedAttention):
    """Transposed attention inside windows of 8 x 8 pixels, or among the pixels of one phase of that grid."""

    def __init__(self, width: int, phases: bool) -> None:
        super().__init__(width, heads=1)
        self.phases = phases
        # Of a map as N x channels x windows down x row x windows across x column.
        self.order = (0, 3, 5, 1, 2, 4) if phases else (0, 2, 4, 1, 3, 5)

    def forward(self, x: Tensor) -> Tensor:
        cut = torch.cat(self.embed(x), dim=1).unflatten(3, (-1, SIZE)).unflatten(2, (-1, SIZE)).permute(self.order)
        query, key, value = cut.flatten(4).chunk(3, dim=3)
        correlation = functional.normalize(query, dim=-1) @ functional.normalize(key, dim=-1).transpose(-1, -2)
        attended = (correlation * self.temperature).softmax(dim=-1) @ value
        back = [self.order.index(axis) for axis in range(6)]
        # By the map's own side, which stays free in a traced graph.
        rows = x.shape[2] // SIZE if self.phases else SIZE
        attended = attended.unflatten(4, (rows, -1)).permute(back)
        return self.project(attended.flatten(4).flatten(2, 3))


class Group(nn.Module):
    """Three stages, each on a slice less of the channels, then attention across all channels, and ESA.

    Args:
        width: channels of the input and output (N x width x H x W).
        esa_width: channels inside ESA.
        led: whether it attends by weights that it is given, two for each stage.
    """

    def __init__(self, width: int, esa_width: int, led: bool) -> None:
        super().__init__()
        kept = width // 4
        self.kept = kept
        widths = [width - kept * stage for stage in range(STAGES)]
        self.kernels = nn.ModuleList(map(LargeKernel, widths))
        self.windows, self.grids = (
            nn.ModuleList(TokenLayer(width - kept, make(), led) for width, make in zip(widths, makers, strict=True))
            for makers in (WINDOWS, GRIDS)
        )
        self.mix = nn.ModuleList(conv1(outputs, outputs) for outputs in (*widths[:-1], width))
        self.channels = nn.Sequential(
            *(
                Residual(WrittenNorm(width, EPSILON), layer)
                for phases in (False, True)
                for layer in (ChannelAttention(width, phases), GatedFeedForward(width, width))
            )
        )
        self.fuse = conv1(width, width)
        self.attention = ESA(width, esa_width, refine=conv3(esa_width, esa_width))

    def forward(self, x: Tensor, weights: list[Tensor | None]) -> tuple[Tensor, list[Tensor | None]]:
        given, made = iter(weights), list[Tensor | None]()
        slices: list[Tensor] = []
        y = x
        for number, (kernel, in_windows, in_grids) in enumerate(
            zip(self.kernels, self.windows, self.grids, strict=True)
        ):
            features = kernel(y)
            near, y = features[:, : self.kept], features[:, self.kept :]
            for layer in (in_windows, in_grids):
                y, weight = layer(y, next(given))
                made.append(weight)
            if number < len(self.kernels) - 1:
                mixed = self.mix[number](torch.cat([y, near], dim=1))
                slices.append(mixed[:, : self.kept])
                y = mixed[:, self.kept :]
        y = self.channels(self.mix[-1](torch.cat([*slices, y, near], dim=1)))
        return self.attention(self.fuse(y) + x), made


@register_model
class HAESR(nn.Module):
    """Groups in a chain, the first of which leads the attention of the others; a 3x3 trunk with a skip."""

    def __init__(self, scale: float = 4, width: int = 48, groups: int = 3, esa_width: int = 16) -> None:
        super().__init__()
        self.scale = int(scale)
        self.head = conv3(3, width)
        self.body = nn.ModuleList(Group(width, esa_width, led=number > 0) for number in range(groups))
        self.trunk = conv3(width, width)
        self.tail = PixelShuffleTail(width, scale)

    def forward(self, lr: Tensor) -> Tensor:
        height, width = lr.shape[-2:]
        shallow = self.head(pad_to_multiple(lr, SIZE, reflect=True))
        x = shallow
        weights: list[Tensor | None] = [None for _ in range(2 * STAGES)]
        for group in self.body:
            x, weights = group(x, weights)
        return self.tail(self.trunk(x) + shallow)[:, :, : height * self.scale, : width * self.scale]

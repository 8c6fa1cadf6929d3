"""IMDeception, "Grouped Information Distilling Super-Resolution Network".

Paper: Ayazoglu, "IMDeception: Grouped Information Distilling Super-Resolution Network", CVPR Workshops 2022, arXiv
2204.11463. NTIRE 2022 challenge report, section 4.22 and Table 1, row Aselsan Research. Data range 0..1. Peculiar: the
chain of blocks distils as a block does inside; every group of a grouped convolution is a layer of its own, which the
challenge counted; the logits of the attention are not scaled. Takes any size.
"""

from collections.abc import Collection

import torch
from torch import Tensor, nn
from torch.nn import functional

from resolute.models import register_model
from resolute.models.blocks.convolution import conv1, conv3, leaky_relu
from resolute.models.blocks.post_upsampling import PixelShuffleTail
from resolute.models.blocks.preparable import Preparable
from resolute.models.blocks.swin import pad_to_multiple
from resolute.models.blocks.windows import from_windows, to_windows

GROUPS = 4
TOKEN = 4  # side of a token, in pixels
AREA = 8  # side of the area that is attended to, in tokens


class GroupedConv(nn.ModuleList, Preparable):
    """A grouped 3x3 convolution as one layer per group: N x inputs x H x W to N x outputs x H x W."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(conv3(inputs // GROUPS, outputs // GROUPS) for _ in range(GROUPS))

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([conv(part) for conv, part in zip(self, x.chunk(GROUPS, dim=1), strict=True)], dim=1)

    def prepare(self) -> nn.Conv2d:
        states = [conv.state_dict() for conv in self]
        joined = {name: torch.cat([state[name] for state in states]) for name in states[0]}
        outputs, share = joined["weight"].shape[:2]
        convolution = conv3(GROUPS * share, outputs, groups=GROUPS)
        convolution.load_state_dict(joined)
        return convolution


def grouped_block(inputs: int, outputs: int) -> nn.Sequential:
    """A grouped convolution and a 1x1 convolution that mixes the groups."""
    return nn.Sequential(GroupedConv(inputs, outputs), nn.ReLU(), conv1(outputs, outputs))


class GIDB(nn.Module):
    """Grouped information distilling block: N x inputs x H x W to N x outputs x H x W.

    It has no skip; the input enters the fusion beside the slices.
    """

    def __init__(self, inputs: int, outputs: int, kept: int, passed: int) -> None:
        super().__init__()
        self.split = [kept, passed]
        self.steps = nn.ModuleList(grouped_block(width, kept + passed) for width in (inputs, passed, passed))
        self.last = grouped_block(passed, kept)
        self.fuse = conv1(4 * kept + inputs, outputs)
        self.activation = leaky_relu()

    def forward(self, x: Tensor) -> Tensor:
        slices, passed = [], x
        for step in self.steps:
            kept, passed = torch.split(self.activation(step(passed)), self.split, dim=1)
            slices.append(kept)
        slices.append(self.activation(self.last(passed)))
        return self.fuse(torch.cat([*slices, x], dim=1))


class AreaAttention(nn.Module):
    """Self-attention of 4x4-pixel tokens inside areas of 8x8 tokens, added to the input: the shape is kept.

    Zeros fill up the last areas; they are not masked.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.embed = conv1(width, 3 * width // 4)
        self.project = conv1(width // 4, width)

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[-2:]
        embedded = pad_to_multiple(self.embed(x), TOKEN * AREA)
        tokens_BHWC = functional.pixel_unshuffle(embedded, TOKEN).permute(0, 2, 3, 1)
        query, key, value = to_windows(tokens_BHWC, AREA).chunk(3, dim=-1)
        attended = (query @ key.transpose(-1, -2)).softmax(dim=-1) @ value
        rows, columns = tokens_BHWC.shape[1:3]
        attended_BHWC = from_windows(attended, AREA, rows, columns)
        maps = functional.pixel_shuffle(attended_BHWC.permute(0, 3, 1, 2), TOKEN)
        return x + self.project(maps[:, :, :height, :width])


@register_model
class IMDeception(nn.Module):
    """Distilling blocks each of which keeps a slice of its output and passes on the rest; all slices are fused.

    Args:
        scale: the enlargement, an integer.
        width: channels of the head, the blocks and the tail.
        kept: channels of every slice.
        blocks: how many, the last of which gives nothing but a slice.
        attention_after: numbers of the blocks (from 1) after which the rest goes through an attention.
    """

    def __init__(
        self,
        scale: float = 4,
        width: int = 64,
        kept: int = 16,
        blocks: int = 6,
        attention_after: Collection[int] = (2, 4),
    ) -> None:
        super().__init__()
        passed = width - kept
        self.split = [kept, passed]
        self.head = conv3(3, width)
        self.body = nn.ModuleList(GIDB(passed if block else width, width, kept, passed) for block in range(blocks - 1))
        self.attend = nn.ModuleList(
            AreaAttention(passed) if block in attention_after else nn.Identity() for block in range(1, blocks)
        )
        self.last = GIDB(passed, kept, kept, passed - kept)
        self.fuse = nn.Sequential(conv1(blocks * kept, width), leaky_relu())
        self.trunk = nn.Sequential(conv3(width, width), leaky_relu())
        self.tail = PixelShuffleTail(width, scale)

    def forward(self, lr: Tensor) -> Tensor:
        shallow = self.head(lr)
        slices, passed = [], shallow
        for block, attend in zip(self.body, self.attend, strict=True):
            kept, passed = torch.split(block(passed), self.split, dim=1)
            slices.append(kept)
            passed = attend(passed)
        slices.append(self.last(passed))
        return self.tail(self.trunk(self.fuse(torch.cat(slices, dim=1))) + shallow)

"""Feature distillation: blocks that keep a slice of the features at every step and pass on the rest."""

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn

from resolute.models.blocks.convolution import ConvFactory, conv1, conv3, leaky_relu


class IMDB(nn.Module):
    """Information multi-distillation block (Hui et al., IMDN, ACM MM 2019).

    Three times a 3x3 convolution is activated and split; a last one makes the fourth kept slice, which stays
    without activation. The slices are fused by a 1x1 convolution and added to the input.

    Args:
        width: channels of the input and output (N x width x H x W).
        kept: channels that every step keeps.
        conv: makes the 3x3 convolutions.
        attention: what the slices go through before they are fused (4 kept channels); nothing unless given.
    """

    def __init__(self, width: int, kept: int, conv: ConvFactory = conv3, attention: nn.Module | None = None) -> None:
        super().__init__()
        passed = width - kept
        self.split = [kept, passed]
        self.conv1 = conv(width, width)
        self.conv2 = conv(passed, width)
        self.conv3 = conv(passed, width)
        self.conv4 = conv(passed, kept)
        self.attention = attention or nn.Identity()
        self.fuse = conv1(4 * kept, width)
        self.activation = leaky_relu()

    def forward(self, x: Tensor) -> Tensor:
        slices, passed = [], x
        for convolution in (self.conv1, self.conv2, self.conv3):
            kept, passed = torch.split(self.activation(convolution(passed)), self.split, dim=1)
            slices.append(kept)
        slices.append(self.conv4(passed))
        return x + self.fuse(self.attention(torch.cat(slices, dim=1)))


class RFDB(nn.Module):
    """Residual feature distillation block (Liu et al., RFDN, ECCV Workshops 2020).

    Every step keeps a distillate and refines the features; a last layer makes one more distillate. They are
    fused by a pointwise layer and weighted by an attention; the block itself has no skip.

    Args:
        width: channels of the input and output (N x width x H x W).
        kept: channels of every distillate, or of each one.
        attention: what the fused features go through last.
        refine: the layers that refine, one per step; RFDN has three 3x3 convolutions.
        residual: add what a refining layer reads to what it gives, before the activation.
        distil: makes the pointwise distilling layers.
        last: makes the layer of the last distillate.
        fuse: makes the fusing layer.
        activation: after every layer but the fusing one; it is shared, so it must be without parameters.
        reads: channels that every step and then the last layer read, where they are not the width.
    """

    def __init__(
        self,
        width: int,
        kept: int | Sequence[int],
        attention: nn.Module,
        refine: Iterable[nn.Module] | None = None,
        residual: bool = True,
        distil: ConvFactory = conv1,
        last: ConvFactory = conv3,
        fuse: ConvFactory = conv1,
        activation: nn.Module | None = None,
        reads: Sequence[int] = (),
    ) -> None:
        super().__init__()
        self.residual = residual
        self.refine = nn.ModuleList(refine or (conv3(width, width) for _ in range(3)))
        *inputs, last_input = reads or [width] * (len(self.refine) + 1)
        *outputs, last_output = [kept] * (len(self.refine) + 1) if isinstance(kept, int) else kept
        self.distil = nn.ModuleList(map(distil, inputs, outputs))
        self.last = last(last_input, last_output)
        self.fuse = fuse(sum(outputs) + last_output, width)
        self.attention = attention
        self.activation = activation or leaky_relu()

    def refined(self, step: int, x: Tensor, distillates: list[Tensor]) -> Tensor:
        """What a step (from 0) gives to the next, from what it read and all distillates so far, its own included."""
        refined = self.refine[step](x)
        return self.activation(refined + x if self.residual else refined)

    def forward(self, x: Tensor) -> Tensor:
        distillates: list[Tensor] = []
        for step, distil in enumerate(self.distil):
            distillates.append(self.activation(distil(x)))
            x = self.refined(step, x, distillates)
        distillates.append(self.activation(self.last(x)))
        return self.attention(self.fuse(torch.cat(distillates, dim=1)))

"""How EFDN joins its cells: by the outputs of pairs of them."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from resolute.models.blocks.convolution import conv1
from resolute.models.blocks.post_upsampling import PostUpsampling


class PairedCells(PostUpsampling):
    """Four cells at LR size, of which the third and the fourth read two outputs fused, as the tail does.

    Args:
        width: channels between head and tail.
        cells: four, each N x width x h x w to the same shape.
        scale: the enlargement.
        clamp: keep the output in 0..1, as the released networks do; it would stop gradients in training.
        tail: as in `PostUpsampling`.
    """

    def __init__(
        self, width: int, cells: Iterable[nn.Module], scale: float, clamp: bool, tail: nn.Module | None = None
    ) -> None:
        super().__init__(width, cells, scale, trunk=nn.Identity(), tail=tail)
        self.pairs = nn.ModuleList(conv1(2 * width, width) for _ in range(3))
        self.clamp = clamp

    def deep_features(self, shallow: Tensor) -> Tensor:
        first = self.body[0](shallow)
        second = self.body[1](first)
        third = self.body[2](self.pairs[0](torch.cat([first, second], dim=1)))
        fourth = self.body[3](self.pairs[1](torch.cat([second, third], dim=1)))
        return self.pairs[2](torch.cat([second, fourth], dim=1))

    def forward(self, lr: Tensor) -> Tensor:
        sr = super().forward(lr)
        return sr.clamp(0, 1) if self.clamp else sr

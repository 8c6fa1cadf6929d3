"""Post-upsampling networks of images that the mean colour is taken off."""

from collections.abc import Iterable

from torch import Tensor, nn

from resolute.models.blocks.normalisation import div2k_mean
from resolute.models.blocks.post_upsampling import PostUpsampling


class CentredPostUpsampling(PostUpsampling):
    """`PostUpsampling` on an image in 0..1 that the mean colour of DIV2K is taken off, and put back on the result."""

    mean: Tensor

    def __init__(
        self,
        width: int,
        blocks: Iterable[nn.Module],
        scale: float,
        head: nn.Module | None = None,
        fuse: nn.Module | None = None,
        trunk: nn.Module | None = None,
        tail: nn.Module | None = None,
    ) -> None:
        super().__init__(width, blocks, scale, head=head, fuse=fuse, trunk=trunk, tail=tail)
        self.register_buffer("mean", div2k_mean(), persistent=False)

    def forward(self, lr: Tensor) -> Tensor:
        return super().forward(lr - self.mean) + self.mean

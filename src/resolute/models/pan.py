"""PAN, "Efficient Image Super-Resolution Using Pixel Attention".

Paper: Zhao et al., ECCV Workshops 2020 (winner of the AIM 2020 parameter track). Data range 0..1. Peculiar: the
blocks have no biases, the tail enlarges by nearest neighbour between convolutions, with attention there too. Any
input size works.
"""

from torch import Tensor, nn

from resolute.models import register_model
from resolute.models.blocks.attention import SCPA, PixelAttention
from resolute.models.blocks.convolution import conv3, leaky_relu
from resolute.models.blocks.post_upsampling import PostUpsampling

SLOPE = 0.2


class Tail(nn.Module):
    """Enlarges in stages of nearest neighbour, convolution, attention and convolution; then a convolution to RGB."""

    def __init__(self, width: int, tail_width: int, scale: int) -> None:
        super().__init__()
        factors = [2, 2] if scale == 4 else [scale]
        inputs = [width, *[tail_width] * (len(factors) - 1)]
        self.stages = nn.Sequential(*(self._stage(*sizes, tail_width) for sizes in zip(factors, inputs, strict=True)))
        self.last = conv3(tail_width, 3)

    @staticmethod
    def _stage(factor: int, inputs: int, outputs: int) -> nn.Sequential:
        return nn.Sequential(
            nn.Upsample(scale_factor=factor),
            conv3(inputs, outputs),
            PixelAttention(outputs),
            leaky_relu(SLOPE),
            conv3(outputs, outputs),
            leaky_relu(SLOPE),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.last(self.stages(x))


@register_model
class PAN(PostUpsampling):
    """A chain of SCPA blocks, whose tail learns what is added to the bilinearly enlarged input."""

    def __init__(self, scale: float = 4, width: int = 40, tail_width: int = 24, blocks: int = 16) -> None:
        tail = Tail(width, tail_width, int(scale))
        super().__init__(width, (SCPA(width) for _ in range(blocks)), scale, image_skip=True, tail=tail)

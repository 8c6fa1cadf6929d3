"""RLFN, the paper's network and the pruned form that won the runtime track of NTIRE 2022.

Paper: Kong et al., "Residual Local Feature Network for Efficient Super-Resolution", CVPR Workshops 2022.
NTIRE 2022 Table 1, row ByteESR, is the default. Data range 0..255. Peculiar: its pruning left 46 channels between the
blocks and 48 inside them; ESA has a single 3x3 refinement and no ReLU. LR sides of at least 15 (ESA).
"""

from torch import Tensor, nn

from resolute.models import register_model
from resolute.models.blocks.attention import ESA
from resolute.models.blocks.convolution import conv1, conv3, leaky_relu
from resolute.models.blocks.post_upsampling import PostUpsampling


class RLFB(nn.Module):
    """Residual local feature block: three activated 3x3 convolutions with a skip, a 1x1 convolution, ESA."""

    def __init__(self, width: int, inner_width: int, esa_width: int) -> None:
        super().__init__()
        self.conv1 = conv3(width, inner_width)
        self.conv2 = conv3(inner_width, inner_width)
        self.conv3 = conv3(inner_width, width)
        self.fuse = conv1(width, width)
        self.attention = ESA(width, esa_width, refine=conv3(esa_width, esa_width))
        self.activation = leaky_relu()

    def forward(self, x: Tensor) -> Tensor:
        y = x
        for convolution in (self.conv1, self.conv2, self.conv3):
            y = self.activation(convolution(y))
        return self.attention(self.fuse(y + x))


@register_model
class RLFN(PostUpsampling):
    """A chain of residual local feature blocks at LR size."""

    def __init__(
        self,
        scale: float = 4,
        width: int = 46,
        inner_width: int = 48,
        blocks: int = 4,
        esa_width: int = 16,
        image_skip: bool = False,
    ) -> None:
        super().__init__(width, (RLFB(width, inner_width, esa_width) for _ in range(blocks)), scale, image_skip)

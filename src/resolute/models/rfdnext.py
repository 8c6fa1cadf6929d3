"""RFDNeXt, RFDN with a ConvNeXt-like block in place of its attention.

NTIRE 2022 Table 1, row SSL; the challenge report has no section on it. Data range 0..1. Peculiar: only the last
refined features and the concatenated distillates are activated; the first step halves the width, its distillate being
its residual. Any input size works.
"""

from torch import Tensor, nn

from resolute.models import register_model
from resolute.models.blocks.convolution import ConvFactory, conv1, conv3, depthwise, leaky_relu
from resolute.models.blocks.distillation import RFDB
from resolute.models.blocks.post_upsampling import PostUpsampling, fusion
from resolute.models.blocks.residual import Residual


def inverted_bottleneck(width: int) -> Residual:
    """7x7 depthwise convolution and a pointwise expansion by 4 (Liu et al., ConvNeXt, CVPR 2022), added to the input.

    Neither norm nor layer scale; the activation is a leaky ReLU.
    """
    return Residual(depthwise(width, 7), conv1(width, 4 * width), leaky_relu(), conv1(4 * width, width))


def activated(conv: ConvFactory) -> ConvFactory:
    """A factory of layers whose input is activated."""
    return lambda inputs, outputs: nn.Sequential(leaky_relu(), conv(inputs, outputs))


class RFDBNeXt(RFDB):
    """Distillation of features that stay linear until the last step."""

    def __init__(self, width: int, kept: int) -> None:
        reads = (width, kept, kept, kept)
        super().__init__(
            width,
            kept,
            inverted_bottleneck(width),
            [conv3(channels, kept) for channels in reads[:-1]],
            last=activated(conv3),
            fuse=activated(conv1),
            activation=nn.Identity(),
            reads=reads,
        )

    def refined(self, step: int, x: Tensor, distillates: list[Tensor]) -> Tensor:
        return self.refine[step](x) + (x if step else distillates[0])


@register_model
class RFDNeXt(PostUpsampling):
    """Distillation blocks without attention whose outputs are all fused before the trunk convolution."""

    def __init__(self, scale: float = 4, width: int = 50, kept: int = 25, blocks: int = 4) -> None:
        super().__init__(width, (RFDBNeXt(width, kept) for _ in range(blocks)), scale, fuse=fusion(blocks, width))

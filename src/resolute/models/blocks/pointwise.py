"""Pointwise layers that are linear layers over the channel axis, and what is built of them."""

from torch import Tensor, nn

from resolute.models.blocks.convolution import ConvFactory, depthwise
from resolute.models.blocks.preparable import Preparable, as_convolution


class PointwiseLinear(Preparable):
    """A linear layer at every pixel: N x inputs x H x W to N x outputs x H x W.

    A 1x1 convolution in all but name. Networks that are released with linear layers keep them, because counters
    tell the two apart; inference does not.
    """

    def __init__(self, inputs: int, outputs: int, bias: bool = True) -> None:
        super().__init__()
        self.linear = nn.Linear(inputs, outputs, bias)

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)

    def prepare(self) -> nn.Conv2d:
        return as_convolution(self, self.linear.in_features)


class BSConv(nn.Sequential):
    """Blueprint separable convolution (Haase and Amthor, CVPR 2020, the unconstrained form): pointwise, then depthwise.

    Zero padding acts on the output of the pointwise layer, whose bias (if any) is thus missing beyond the border.
    """

    def __init__(self, inputs: int, outputs: int, pointwise: ConvFactory = PointwiseLinear) -> None:
        super().__init__()
        self.add_module("pointwise", pointwise(inputs, outputs))
        self.add_module("depthwise", depthwise(outputs))

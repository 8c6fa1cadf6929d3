"""What SPAN trains in the place of a 3x3 convolution (Wan et al., arXiv 2311.12770), and how it folds."""

import torch
from torch import Tensor

from resolute.models.blocks.convolution import ConvFactory, conv1, conv3
from resolute.models.blocks.reparameterised import BRANCHES, Branch, Reparameterised, bias_of, compose, convolution


class ExpandConvReduce(Branch):
    """A 1x1 convolution to `gain` times the channels, a 3x3 one to `gain` times the outputs, a 1x1 one back.

    As in `ExpandThenConv`, the middle is padded with the bias of the first.
    """

    def __init__(self, inputs: int, outputs: int, gain: int = 2) -> None:
        super().__init__()
        self.expand = conv1(inputs, gain * inputs)
        self.conv = conv3(gain * inputs, gain * outputs)
        self.reduce = conv1(gain * outputs, outputs)

    def forward(self) -> tuple[Tensor, Tensor]:
        kernel, bias = compose(self.expand, self.conv.weight, bias_of(self.conv))
        mix = self.reduce.weight[:, :, 0, 0]
        return torch.einsum("om,mixy->oixy", mix, kernel), bias_of(self.reduce) + mix @ bias


def span_convolution(kind: str) -> ConvFactory:
    """Makes 3x3 convolutions as SPAN trains them, `span`, or of a kind of `reparameterised.convolution`."""
    return _trained if kind == "span" else convolution(kind)


def _trained(inputs: int, outputs: int) -> Reparameterised:
    return Reparameterised([BRANCHES["1x1"](inputs, outputs), ExpandConvReduce(inputs, outputs)])

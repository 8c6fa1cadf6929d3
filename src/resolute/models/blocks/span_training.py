"""What SPAN trains in the place of a 3x3 convolution (Wan et al., arXiv 2311.12770), and how it folds."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

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


class WithoutBias(Reparameterised):
    """Branches whose biases stay zero, and the convolution without one that they fold into."""

    def __init__(self, branches: Sequence[Branch]) -> None:
        super().__init__(branches)
        for name, parameter in self.named_parameters():
            if name.endswith("bias"):
                nn.init.zeros_(parameter).requires_grad_(False)

    @torch.no_grad()
    def fold(self) -> nn.Conv2d:
        kernel, _ = self.kernel_and_bias()
        convolution = conv3(kernel.shape[1], kernel.shape[0], bias=False).to(kernel)
        convolution.weight.copy_(kernel)
        return convolution


def span_convolution(kind: str) -> ConvFactory:
    """Makes 3x3 convolutions as SPAN trains them, `span`, or of a kind of `reparameterised.convolution`."""
    return _trained if kind == "span" else convolution(kind)


def span_convolution_without_bias(inputs: int, outputs: int) -> WithoutBias:
    """What SPAN trains, in networks whose 3x3 convolutions have no biases."""
    return WithoutBias(_branches(inputs, outputs))


def _trained(inputs: int, outputs: int) -> Reparameterised:
    return Reparameterised(_branches(inputs, outputs))


def _branches(inputs: int, outputs: int) -> tuple[Branch, Branch]:
    return BRANCHES["1x1"](inputs, outputs), ExpandConvReduce(inputs, outputs)

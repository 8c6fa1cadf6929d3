"""SPAN's block, whose attention has no parameters (Wan et al., arXiv 2311.12770), and what its descendants share.

The convolutions are 3x3 ones of any kind (`span_training.span_convolution`): `plain` as they are released, `span` as
SPAN trains them. Tensors are N x channels x H x W.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from resolute.models.blocks.convolution import ConvFactory, conv3


def span_gate(residual: Tensor, x: Tensor) -> Tensor:
    """SPAN's attention: the sum of a residual and its input, times a gate in -1/2..1/2 that is odd in the residual."""
    return (residual + x) * (torch.sigmoid(residual) - 0.5)


def activated_chain(
    inputs: int,
    width: int,
    convolutions: int = 3,
    activation: Callable[[], nn.Module] = nn.SiLU,
    conv: ConvFactory = conv3,
) -> nn.Sequential:
    """3x3 convolutions from `inputs` to `width` channels, with an activation between them and none at the end."""
    layers = [conv(inputs, width)]
    for _ in range(convolutions - 1):
        layers += [activation(), conv(width, width)]
    return nn.Sequential(*layers)


class SPAB(nn.Module):
    """Swift parameter-free attention block: convolutions whose output is its own gate (N x width x H x W)."""

    def __init__(
        self,
        width: int,
        convolutions: int = 3,
        activation: Callable[[], nn.Module] = nn.SiLU,
        conv: ConvFactory = conv3,
    ) -> None:
        super().__init__()
        self.first = nn.Sequential(conv(width, width), activation())
        self.rest = activated_chain(width, width, convolutions - 1, activation, conv)

    def with_first(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The output, and the first convolution's after its activation, which SPAN's fusion reads."""
        first = self.first(x)
        return span_gate(self.rest(first), x), first

    def forward(self, x: Tensor) -> Tensor:
        return self.with_first(x)[0]

"""A convolution or linear layer and what surrounds it as one call of oneDNN, which torch has for the CPU."""

from typing import Any

import torch
from torch import Tensor, fx, nn
from torch.nn import functional

from resolute.models.blocks.normalisation import affine_of

Activation = tuple[str, tuple[float, ...], str]
"""What is applied to a convolution's result: its name in torch, its numbers, its algorithm."""

NONE: Activation = ("none", (), "")
RELU: Activation = ("relu", (), "")
_SIGMOID: Activation = ("sigmoid", (), "")
# Those that are called as functions and have no parameters.
_FUNCTIONS: dict[Any, Activation] = {
    torch.relu: RELU,
    functional.relu: RELU,
    torch.sigmoid: _SIGMOID,
}


class FusedConv(nn.Module):
    """A convolution, its sum or product with another map, and an activation.

    Args:
        conv: the convolution, whose weights are used; they are neither saved nor moved.
        combine: "add" or "mul", if another map of the result's shape is given.
        activation: what comes last; with another map, ReLU alone can.
        overwrite: put the sum into the memory of the other map.
    """

    def __init__(
        self, conv: nn.Conv2d, combine: str = "", activation: Activation = NONE, overwrite: bool = False
    ) -> None:
        super().__init__()
        self.combine = combine
        self.activation = activation
        self.overwrite = overwrite
        self.geometry = (list(conv.padding), list(conv.stride), list(conv.dilation), conv.groups)
        self.weight = conv.weight.detach()
        self.bias = None if conv.bias is None else conv.bias.detach()

    def pack(self) -> None:
        """Lay the weights out once for all calls, with maps in `torch.channels_last`."""
        self.weight = torch.ops.mkldnn._reorder_convolution_weight(self.weight, *self.geometry, None)

    def forward(self, x: Tensor, other: Tensor | None = None) -> Tensor:
        name, scalars, algorithm = self.activation
        layer = (self.weight, self.bias, *self.geometry)
        if other is None:
            return torch.ops.mkldnn._convolution_pointwise(x, *layer, name, scalars, algorithm)
        if self.overwrite:
            last = (self.combine, 1.0, None if self.activation == NONE else name, scalars, algorithm)
            return torch.ops.mkldnn._convolution_pointwise_.binary(other, x, *layer, *last)
        # oneDNN can read the other map in the same call, which takes a 3x3 convolution a twentieth longer than this.
        made = torch.ops.mkldnn._convolution_pointwise(x, *layer, *NONE)
        made = made.add_(other) if self.combine == "add" else made.mul_(other)
        return made if self.activation == NONE else made.relu_()


class FusedLinear(nn.Module):
    """A linear layer and its activation in one call. Without oneDNN, MKL computes it, at half the rate on AMD's cores.

    Args:
        linear: the layer, whose weights are used; they are neither saved nor moved.
        activation: what comes last.
    """

    def __init__(self, linear: nn.Linear, activation: Activation = NONE) -> None:
        super().__init__()
        self.activation = activation
        self.weight = linear.weight.detach()
        self.bias = None if linear.bias is None else linear.bias.detach()

    def pack(self) -> None:
        """Lay the weights out once for all calls."""
        self.weight = torch.ops.mkldnn._reorder_linear_weight(self.weight, None)

    def forward(self, x: Tensor) -> Tensor:
        return torch.ops.mkldnn._linear_pointwise(x, self.weight, self.bias, *self.activation)


def activation_of(node: fx.Node, layer: nn.Module | None) -> Activation | None:
    """The activation that a node of a graph is, or its layer if it calls one; none where oneDNN has none such."""
    if layer is not None:
        return _of_layer(layer)
    if node.target is functional.leaky_relu:
        slope: Any = node.args[1] if len(node.args) > 1 else node.kwargs.get("negative_slope", 0.01)
        return "leaky_relu", (slope,), ""
    if node.target is functional.gelu:
        return "gelu", (), str(node.kwargs.get("approximate", "none"))
    return _FUNCTIONS.get(node.target)


def _of_layer(layer: nn.Module) -> Activation | None:
    match layer:
        case nn.ReLU():
            return RELU
        case nn.ReLU6():
            return "hardtanh", (0.0, 6.0), ""
        case nn.LeakyReLU():
            return "leaky_relu", (layer.negative_slope,), ""
        case nn.PReLU(num_parameters=1):
            return "leaky_relu", (layer.weight.item(),), ""
        case nn.GELU():
            return "gelu", (), layer.approximate
        case nn.Sigmoid():
            return _SIGMOID
        case nn.SiLU():
            return "swish", (), ""
        case nn.Hardsigmoid():
            return "hardsigmoid", (), ""
    return None


def with_weights(conv: nn.Conv2d, weight: Tensor, bias: Tensor | None) -> nn.Conv2d:
    """A convolution of the same geometry; the numbers of channels are the weights'."""
    height, width = conv.kernel_size
    made = nn.Conv2d(weight.shape[1] * conv.groups, weight.shape[0], (height, width), bias=bias is not None)
    made.stride, made.padding, made.dilation, made.groups = conv.stride, conv.padding, conv.dilation, conv.groups
    made.weight = nn.Parameter(weight.detach())
    made.bias = None if bias is None else nn.Parameter(bias.detach())
    return made


def with_identity(conv: nn.Conv2d) -> nn.Conv2d | None:
    """The convolution that also adds its input to its result; none where it has no channel or pixel for that."""
    if any(side % 2 == 0 for side in conv.kernel_size):
        return None
    if conv.in_channels != conv.out_channels or conv.groups not in (1, conv.in_channels):
        return None
    weight = conv.weight.detach().clone()
    height, width = conv.kernel_size
    centre = weight[:, :, height // 2, width // 2]
    centre += torch.eye(conv.in_channels) if conv.groups == 1 else 1
    return with_weights(conv, weight, conv.bias)


def with_norm_before(norm: nn.BatchNorm2d, conv: nn.Conv2d) -> nn.Conv2d | None:
    """The convolution that equals a batch norm in evaluation and a convolution; none where that one pads."""
    if set(conv.padding) != {0} or conv.groups > 1:
        return None
    factor, shift = affine_of(norm)
    bias = conv.weight.sum((2, 3)) @ shift
    return with_weights(conv, conv.weight * factor[:, None, None], bias if conv.bias is None else conv.bias + bias)


def with_norm_after(conv: nn.Conv2d, norm: nn.BatchNorm2d) -> nn.Conv2d:
    """The convolution that equals a convolution and a batch norm in evaluation."""
    factor, shift = affine_of(norm)
    bias = shift if conv.bias is None else conv.bias * factor + shift
    return with_weights(conv, conv.weight * factor[:, None, None, None], bias)

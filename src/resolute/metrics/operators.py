"""Counting FLOPs as fvcore does, whose figures the NTIRE efficient SR challenges print from 2024 on.

The rules are those of the release that the challenges pin (facebookresearch/fvcore, 0.1.5.post20221221,
fvcore/nn/jit_handles.py; requirements.txt of Amazingren/NTIRE2024_ESR): it traces a network and counts operators of the
trace. Here the calls of the same functions are watched, on any device.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional
from torch.overrides import TorchFunctionMode


class OperatorCounter(TorchFunctionMode):
    """Counts function calls by fvcore's rules, while it is entered, in `flops`.

    A multiply-add of a convolution, linear layer or matrix product is one FLOP; norms, resizing and adaptive average
    pooling cost some for each element. All else is free: biases, activations, sums, products, fused attention,
    convolutions that are padded by a word ("same"). Convolutions of kernels count, as any other.

    What a custom autograd function hides from fvcore is counted here; no network of the registry has one.
    """

    def __init__(self) -> None:
        super().__init__()
        self.flops = 0

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        named = kwargs or {}
        output = func(*args, **named)
        if rule := _RULES.get(func):
            self.flops += rule(_Call(args, named, output))
        return output


@dataclass(frozen=True)
class _Call:
    args: Sequence[Any]
    named: Mapping[str, Any]
    output: Any

    def given(self, position: int, name: str, default: Any = None) -> Any:
        """An argument, by its place or by its name."""
        return self.args[position] if len(self.args) > position else self.named.get(name, default)

    @property
    def x(self) -> Tensor:
        return self.given(0, "input")

    @property
    def weight(self) -> Tensor:
        return self.given(1, "weight")


def _convolution(call: _Call) -> int:
    # Padding given as a word makes another operator of it, which fvcore does not know.
    if isinstance(call.given(4, "padding"), str):
        return 0
    return len(call.output) * call.weight.numel() * math.prod(call.output.shape[2:])


def _transposed(call: _Call) -> int:
    return len(call.x) * call.weight.numel() * math.prod(call.x.shape[2:])


def _linear(call: _Call) -> int:
    return call.x.numel() * len(call.weight)


def _product(first: Tensor, second: Tensor) -> int:
    """Of matrices; too small where the first one is broadcast over the second's stack."""
    return first.numel() * (second.shape[-1] if second.dim() > 1 else 1)


def _einsum(call: _Call) -> int:
    """Half of what numpy says that the best order costs, to the four digits that it says it with."""
    equation, *operands = call.args
    letters = dict.fromkeys(letter for letter in equation if letter.isalpha())
    form = equation.replace(" ", "").translate({ord(letter): 97 + n for n, letter in enumerate(letters)})
    if form in ("abc,abd->acd", "abc,adc->adb"):
        return operands[0].numel() * operands[1].shape[2 if form == "abc,abd->acd" else 1]
    shaped = [np.broadcast_to(0.0, tuple(operand.shape)) for operand in operands]
    (cost,) = re.findall(r"Optimized FLOP count:\s*(\S+)", np.einsum_path(form, *shaped, optimize="optimal")[1])
    return int(float(cost) // 2)


def _norm(weight_at: int, affine: int, plain: int) -> Callable[[_Call], int]:
    return lambda call: call.x.numel() * (plain if call.given(weight_at, "weight") is None else affine)


def _resizing(call: _Call) -> int:
    if call.x.dim() != 4 or call.given(6, "antialias"):
        return 0
    each = {"bilinear": 4 * call.output.numel(), "nearest": call.output.numel(), "area": call.x.numel()}
    return each.get(call.given(3, "mode", "nearest"), 0)


_RULES: dict[Callable[..., Any], Callable[[_Call], int]] = {
    **dict.fromkeys((functional.conv1d, functional.conv2d, functional.conv3d), _convolution),
    **dict.fromkeys(
        (functional.conv_transpose1d, functional.conv_transpose2d, functional.conv_transpose3d), _transposed
    ),
    functional.linear: _linear,
    **dict.fromkeys(
        (torch.matmul, Tensor.matmul, Tensor.__matmul__), lambda call: _product(call.x, call.given(1, "other"))
    ),
    **dict.fromkeys((torch.mm, Tensor.mm, torch.bmm, Tensor.bmm), lambda call: _product(call.x, call.given(1, "mat2"))),
    **dict.fromkeys((torch.addmm, Tensor.addmm), lambda call: _product(call.given(1, "mat1"), call.given(2, "mat2"))),
    torch.einsum: _einsum,
    functional.batch_norm: _norm(3, affine=2, plain=1),
    functional.instance_norm: _norm(3, affine=5, plain=4),
    **dict.fromkeys((functional.layer_norm, torch.layer_norm), _norm(2, affine=5, plain=4)),
    **dict.fromkeys((functional.group_norm, torch.group_norm), _norm(2, affine=5, plain=4)),
    functional.interpolate: _resizing,
    functional.adaptive_avg_pool2d: lambda call: call.x.numel(),
    functional.grid_sample: lambda call: 4 * call.output.numel(),
}

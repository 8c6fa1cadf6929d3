"""Operators that torch is slow at on a CPU, put together of such as it is fast at: the same within float rounding.

They take the place of torch's own for the whole process, so that every network trains by them, whatever calls them.
They are deterministic too. Measured with AVX-512, on maps in `torch.channels_last`, as trainings have them.
"""

import warnings
from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import Any

import torch
from torch import Tensor

_PIXELS = [2, 3]  # the axes of a map's rows and columns
_LARGE = 1 << 20  # elements of a map, 4 MiB: below it caches hide what torch is slow at
_WIDEST = 3  # of the depthwise kernels that oneDNN has a routine of their own for

Own = Callable[..., Any]
"""The operator as torch has it, called with its dispatch keys and arguments."""


@cache
def use_faster_kernels() -> None:
    """Replace them from now on; operators of other devices stay as they are, and all do without oneDNN."""
    if not torch.backends.mkldnn.is_available():
        return
    for operator, faster in (
        (torch.ops.aten.convolution_backward.default, _convolution_backward),
        (torch.ops.aten.var.correction, _variance),
        (torch.ops.aten.std.correction, _deviation),
    ):
        own = torch.library.get_kernel(operator, "CPU").call_boxed
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Warning only once for all operators")  # that it is replaced
            _library().impl(operator.name(), partial(faster, own), "CPU", with_keyset=True)


@cache
def _library() -> torch.library.Library:
    """What holds the replacements; torch's own are back when it goes."""
    return torch.library.Library("aten", "IMPL")


def _convolution_backward(
    own: Own,
    keys: Any,
    grad: Tensor,
    x: Tensor,
    weight: Tensor,
    bias_sizes: Sequence[int] | None,
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
    transposed: bool,
    output_padding: Sequence[int],
    groups: int,
    wanted: Sequence[bool],
) -> Sequence[Tensor | None]:
    """The gradients of a convolution in its input, its weight and its bias, those of them that are wanted.

    oneDNN takes some ten times as long for a bias as a sum does, and for the weight of a wide depthwise kernel ten
    times as long as the convolution itself.
    """
    by_x, by_weight, by_bias = wanted
    of_weight = of_bias = None
    if by_bias and grad.numel() >= _LARGE:
        of_bias, by_bias = grad.sum([0, *_PIXELS]), False
    depthwise = groups == x.shape[1] == weight.shape[0] > 1 and not transposed
    wide = depthwise and weight.shape[-1] > _WIDEST and set(stride) == {1}
    if by_weight and wide and grad.numel() >= _LARGE and _is_map(x) and _is_map(grad):
        of_weight, by_weight = _of_depthwise(grad, x, padding, dilation), False
    geometry = (stride, padding, dilation, transposed, output_padding, groups)
    left = [by_x, by_weight, by_bias]
    rest = own(keys, grad, x, weight, bias_sizes, *geometry, left) if any(left) else (None, None, None)
    return rest[0], rest[1] if of_weight is None else of_weight, rest[2] if of_bias is None else of_bias


def _of_depthwise(grad: Tensor, x: Tensor, padding: Sequence[int], dilation: Sequence[int]) -> Tensor:
    """The gradient of a depthwise convolution of stride 1 in its weight: every image, convolved with its gradient."""
    each = [
        torch.conv2d(image[None], kernels[:, None], None, dilation, padding, 1, len(kernels))[0]
        for image, kernels in zip(x, grad, strict=True)
    ]
    return torch.stack(each).sum(0)[:, None]


def _variance(own: Own, keys: Any, x: Tensor, dim: Sequence[int] | None = None, **options: Any) -> Any:
    """The variance: of a map's pixels by the squares of what is left of them without their mean."""
    if not _is_map(x) or dim is None or sorted(axis % 4 for axis in dim) != _PIXELS:
        return own(keys, x, dim, **options)
    return _variance_of_pixels(x, **options)


def _deviation(own: Own, keys: Any, x: Tensor, dim: Sequence[int] | None = None, **options: Any) -> Any:
    """The standard deviation, likewise."""
    if not _is_map(x) or dim is None or sorted(axis % 4 for axis in dim) != _PIXELS:
        return own(keys, x, dim, **options)
    return _variance_of_pixels(x, **options).sqrt_()


def _variance_of_pixels(x: Tensor, correction: float | None = None, keepdim: bool = False) -> Tensor:
    left = x - x.mean(_PIXELS, keepdim=True)
    count = x.shape[2] * x.shape[3] - (1 if correction is None else correction)
    return left.square_().sum(_PIXELS, keepdim=keepdim) / max(0, count)


def _is_map(x: Tensor) -> bool:
    """Whether it is a map of single precision whose channels come last in memory."""
    return x.dim() == 4 and x.dtype == torch.float32 and x.is_contiguous(memory_format=torch.channels_last)

"""From a network to an ONNX graph for images of all sizes.

By torch's exporter of traces (`dynamo=False`). That of `torch.export` makes fewer nodes, which onnxruntime runs no
faster, takes 10 to 60 times as long, and refuses windows and cells, whose sizes it cannot prove to fit (torch 2.13).
"""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest import mock

import onnx
import torch
from torch import nn
from torch.onnx import symbolic_helper

from resolute.core.errors import ResoluteError
from resolute.core.reading import brief

OPSET = 17
INPUT, OUTPUT = "lr", "sr"
TRACED = (35, 41)  # height and width of the example, so that windows and strides leave a rest


def to_onnx(network: nn.Module, minimum_side: int, name: str) -> onnx.ModelProto:
    """The graph of a network that maps 1 x 3 x h x w to 1 x 3 x sh x sw; height and width are free, the batch is one.

    Args:
        minimum_side: of the images that it takes.
        name: for messages.

    Raises:
        ResoluteError: the network does something for which ONNX has no operator.
    """
    height, width = (max(side, minimum_side) for side in TRACED)
    example = torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(0))
    axes = {INPUT: {2: "height", 3: "width"}, OUTPUT: {2: "sr_height", 3: "sr_width"}}
    for operator, symbolic in SYMBOLICS.items():
        torch.onnx.register_custom_op_symbolic(operator, symbolic, OPSET)
    try:
        with TemporaryDirectory() as folder, _quiet(), torch.no_grad():
            file = Path(folder) / "graph.onnx"
            torch.onnx.export(
                network,
                (example,),
                file,
                input_names=[INPUT],
                output_names=[OUTPUT],
                dynamic_axes=axes,
                opset_version=OPSET,
                dynamo=False,
            )
            return onnx.load(file)
    except (torch.onnx.errors.OnnxExporterError, RuntimeError, TypeError) as error:
        reason = brief(error).partition(". ")[0]
        raise ResoluteError(f"{name} cannot be exported to ONNX: {reason}") from error
    finally:
        for operator in SYMBOLICS:
            torch.onnx.unregister_custom_op_symbolic(operator, OPSET)


@symbolic_helper.parse_args("v", "i")
def _channel_shuffle(graph: Any, x: Any, groups: int) -> Any:
    """Channel c of g groups becomes channel c g + group, for which ONNX has no operator."""
    shape = graph.op("Shape", x)
    (batch, number, rest) = (graph.op("Constant", value_t=torch.tensor([value])) for value in (0, groups, -1))
    share = graph.op("Div", graph.op("Shape", x, start_i=1, end_i=2), number)
    grouped = graph.op("Reshape", x, graph.op("Concat", batch, number, share, rest, axis_i=0))
    swapped = graph.op("Transpose", grouped, perm_i=[0, 2, 1, 3])
    return graph.op("Reshape", swapped, shape).setType(x.type())


@symbolic_helper.parse_args("v", "i", "v", "v", "i")
def _index_add(graph: Any, x: Any, axis: int, index: Any, added: Any, _factor: int) -> Any:
    """Slices added at their places along an axis."""
    axes = list(range(x.type().dim()))
    axes.insert(0, axes.pop(axis))
    places = graph.op("Unsqueeze", index, graph.op("Constant", value_t=torch.tensor([1])))
    base, slices = (graph.op("Transpose", one, perm_i=axes) for one in (x, added))
    total = graph.op("ScatterND", base, places, slices, reduction_s="add")
    return graph.op("Transpose", total, perm_i=[axes.index(place) for place in range(len(axes))])


@symbolic_helper.parse_args("v", "i", "v", "v")
def _unfold(graph: Any, x: Any, axis: int, size: Any, step: Any) -> Any:
    """Windows along an axis, whose places become the last axis; size and step may depend on the sides."""
    axes = list(range(x.type().dim() + 1))
    axis %= len(axes) - 1
    zero, one, second = (graph.op("Constant", value_t=torch.tensor(value)) for value in (0, 1, [1]))
    side = graph.op("Squeeze", graph.op("Shape", x, start_i=axis, end_i=axis + 1))
    starts = graph.op("Range", zero, graph.op("Add", graph.op("Sub", side, size), one), step)
    places = graph.op("Add", graph.op("Unsqueeze", starts, second), graph.op("Range", zero, size, one))
    axes.append(axes.pop(axis + 1))
    return graph.op("Transpose", graph.op("Gather", x, places, axis_i=axis), perm_i=axes)


# What the exporter has no graph for, or one that has the example's sides in it.
SYMBOLICS: dict[str, Callable[..., Any]] = {
    "aten::channel_shuffle": _channel_shuffle,
    "aten::index_add": _index_add,
    "aten::unfold": _unfold,
}


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the exporter's advice to use the other one, its warnings of what the parity check settles, and the whole
    graph on standard output where an operator is missing."""
    with warnings.catch_warnings(action="ignore"), mock.patch("torch._C._jit_onnx_log", create=True):
        yield

"""Graphs of less precision: float16 weights and maps, or convolutions and products in int8."""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import onnx
from torch import Tensor

from resolute.core.errors import ResoluteError
from resolute.core.reading import brief
from resolute.export.trace import INPUT

# What is quantised: where nearly all multiply-adds are. Sums and activations between them keep their precision.
_QUANTISED = ["Conv", "ConvTranspose", "MatMul", "Gemm"]


def lowered(
    model: onnx.ModelProto, precision: str, patches: Callable[[], Sequence[Tensor]], name: str
) -> onnx.ModelProto:
    """A graph in another precision; its input and output stay float32.

    Args:
        model: the float32 graph, which stays as it is.
        patches: gives LR images (1 x 3 x h x w, 0..1) from which the ranges of maps are read off for int8.
        name: for messages.

    Raises:
        ResoluteError: an operator has no such form.
    """
    try:
        with _quiet():
            return _halved(model) if precision == "fp16" else _quantised(model, patches())
    except (ResoluteError, MemoryError):
        raise
    except Exception as error:  # the converters have no class of their own
        raise ResoluteError(f"{name} has no {precision}: {brief(error)}") from error


def _halved(model: onnx.ModelProto) -> onnx.ModelProto:
    from onnxruntime.transformers.float16 import convert_float_to_float16

    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    return convert_float_to_float16(copy, keep_io_types=True)


def _quantised(model: onnx.ModelProto, patches: Sequence[Tensor]) -> onnx.ModelProto:
    from onnxruntime.quantization import CalibrationDataReader, quantize_static

    class Patches(CalibrationDataReader):
        """The patches one by one, as the calibrator asks for them."""

        def __init__(self) -> None:
            self.left = iter(patches)

        def get_next(self) -> dict[str, Any] | None:
            patch = next(self.left, None)
            return None if patch is None else {INPUT: patch.numpy()}

    with TemporaryDirectory() as folder:
        # Of files: a graph in memory would be changed by it.
        source, target = Path(folder) / "fp32.onnx", Path(folder) / "int8.onnx"
        onnx.save(model, source)
        quantize_static(source, target, Patches(), op_types_to_quantize=_QUANTISED, per_channel=True)
        return onnx.load(target)


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the advice of the converters."""
    level = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(level)

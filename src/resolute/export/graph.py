"""The graph of a method, and how far it is from the network."""

from pathlib import Path

import onnx

from resolute.export.network import exportable
from resolute.export.parity import Parity, check_parity
from resolute.export.running import Running
from resolute.export.trace import to_onnx
from resolute.registry import Entry


def checked_graph(entry: Entry, scale: float, weights: Path | None) -> tuple[onnx.ModelProto, Parity]:
    """The float32 graph of a method's released network; raises where it cannot be had, or is not the network.

    Args:
        weights: a safetensors file; none for fresh ones.
    """
    network = exportable(entry, scale, weights)
    model = to_onnx(network, entry.minimum_side, entry.name)
    return model, check_parity(network, Running(model, entry.name), entry.minimum_side, entry.name)

"""A method with its weights as one ONNX file, which says all that its user must know, or as none."""

from collections.abc import Mapping
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from resolute import registry
from resolute.core import atomic, extras, layout, strict_json
from resolute.core.errors import ResoluteError
from resolute.export.network import check_static
from resolute.methods import weights as weight_files

if TYPE_CHECKING:
    import onnx

MOST_LOST_DB = 3.0  # by less precision; what is off by more has left the range of its numbers
IMAGES = "float32, 1 x 3 x height x width, RGB, 0..1"


def check(method: str, scale: float) -> None:
    """Refuse what can be known to fail before any weights are here: no packages, no such scale, no single network."""
    extras.check_export()
    check_static(registry.entry(method), scale)


def export(run: layout.Run, target: Path, precision: str = "fp32") -> dict[str, Any]:
    """Write a method's released network with its weights as an ONNX file, once it has been checked.

    The graph takes one image of any size (float32, 1 x 3 x h x w, RGB, 0..1) and gives its SR image in the same form,
    neither clamped nor rounded.

    Args:
        run: a method with weights that are here.
        precision: `fp32`, `fp16` or `int8`, whose input and output stay float32.

    Returns:
        What the file's metadata say (`metadata_props`, as text): `method`, `weights`, `weights_sha256`, `scale`,
        `input`, `output`, `minimum_side`, `precision`, `opset`, the versions of `resolute` and `torch`; how far the
        float32 graph is from the network: `parity_error`, `parity_psnr_db`, `parity_sizes` (see
        `resolute.export.parity`); and of less precision `psnr_db`, and `psnr_loss_db` against the float32 graph,
        both `psnr_on` photographs that the ranges of int8 are not read off.

    Raises:
        ResoluteError: a package is missing, the network cannot be exported, or the graph is not the network, or in
            less precision no longer.
        OSError: the file cannot be written.
    """
    extras.check_export()
    # Not before: they import what was checked just now.
    from resolute.export.graph import checked_graph
    from resolute.export.trace import OPSET

    atomic.check(target)
    entry, weights = registry.entry(run.method), layout.weights(registry.weights_of(run))
    with weight_files.unchanged(weights) as sha256:
        model, parity = checked_graph(entry, run.scale, weights)
    facts = {
        "method": run.method,
        "weights": run.weights,
        "weights_sha256": sha256,
        "scale": run.scale,
        "input": IMAGES,
        "output": f"{IMAGES}, not clamped",
        "minimum_side": entry.minimum_side,
        "precision": precision,
        "opset": OPSET,
        "resolute": version("resolute"),
        "torch": torch.__version__,
        "parity_error": parity.error,
        "parity_psnr_db": parity.psnr_db,
        "parity_sizes": " ".join(parity.sizes),
    }
    if precision != "fp32":
        model, loss = _lowered(model, entry, run.scale, precision)
        facts.update(loss)
    _write(target, model, facts)
    return strict_json.finite(facts)


def _lowered(
    model: "onnx.ModelProto", entry: registry.Entry, scale: float, precision: str
) -> tuple["onnx.ModelProto", dict[str, Any]]:
    """The graph in less precision, and what that costs."""
    from resolute.export import photographs
    from resolute.export.precision import lowered
    from resolute.export.running import Running

    name = f"{entry.name} in {precision}"
    patches = partial(photographs.calibration_patches, scale, entry.minimum_side)
    smaller = lowered(model, precision, patches, entry.name)
    decibels = [
        photographs.mean_psnr(Running(graph, what), scale, what)
        for graph, what in ((model, entry.name), (smaller, name))
    ]
    lost = decibels[0] - decibels[1]
    if lost > MOST_LOST_DB:
        raise ResoluteError(f"{name} loses {lost:.1f} dB on photographs, over {MOST_LOST_DB:g}: export it in fp32")
    return smaller, {
        "psnr_db": decibels[1],
        "psnr_loss_db": lost,
        "psnr_on": f"{photographs.DATASET} test, {photographs.PROTOCOL}",
    }


def _write(target: Path, model: "onnx.ModelProto", facts: Mapping[str, Any]) -> None:
    del model.metadata_props[:]
    for key, value in facts.items():
        text = f"{value:g}" if isinstance(value, float) else str(value)
        model.metadata_props.add(key=key, value=text)
    model.producer_name, model.producer_version = "resolute", facts["resolute"]
    atomic.write(target, model.SerializeToString())

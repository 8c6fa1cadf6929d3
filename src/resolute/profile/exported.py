"""The latency of a network where it runs without PyTorch: a job of its own, which alone is stale with the exporter."""

from pathlib import Path
from typing import Any

import torch

from resolute import measurements, registry
from resolute.core import devices, extras
from resolute.core.errors import ResoluteError
from resolute.profile.timing import latency_ms

# What is recorded beside the rows, as far as it is known.
_FACTS = ("method", "scale", "device", "threads", "onnxruntime", "parity_error", "refused")


def profile_exported(
    method: str, scale: float, lr_size: tuple[int, int], runs: int = 3, threads: int = 0
) -> dict[str, Any]:
    """Time what `resolute export` writes, in float32 by onnxruntime, alone on the CPU; see `profile` for the arguments.

    Returns:
        method, scale, lr_size, `device`, `threads`, `onnxruntime` (its version), `latency_ms_onnxruntime`,
        `parity_error` (how far the graph is from the network, see `resolute.export.parity`), and `refused`, why a
        network cannot be exported: one that can has none, one that cannot has neither latency nor parity.

    Raises:
        ResoluteError: the packages are missing; an unknown method or scale; onnxruntime fails at this LR size.
    """
    extras.check_export()
    # Not before: they import what was checked just now.
    import onnxruntime

    from resolute.export.graph import checked_graph
    from resolute.export.running import Running

    entry = registry.entry(method)
    entry.check_scale(scale)
    width, height = lr_size
    threads = threads or torch.get_num_threads()
    found = {
        "method": method,
        "scale": scale,
        "lr_size": f"{width}x{height}",
        "device": devices.device_name("cpu"),
        "threads": threads,
        "onnxruntime": onnxruntime.__version__,
        **dict.fromkeys(("latency_ms_onnxruntime", "parity_error", "refused")),
    }
    torch.manual_seed(0)  # the same fresh weights in every run: whether a graph passes its check is not left to chance
    try:
        model, parity = checked_graph(entry, scale, None)
    except ResoluteError as error:
        return {**found, "refused": str(error)}
    devices.claim_cpu(alone=True)
    lr = torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(0))
    latency = latency_ms(Running(model, method, threads), lr, runs)
    return {**found, "latency_ms_onnxruntime": latency, "parity_error": parity.error}


def write_rows(target: Path, found: dict[str, Any]) -> None:
    """Keep what `profile_exported` found as a measurement file; of a refused network it holds the reason and no row."""
    row = {
        "source": "measured",
        **{name: found[name] for name in ("method", "scale", "lr_size", "device")},
        "metric": "latency_onnxruntime",
        "value": found["latency_ms_onnxruntime"],
        "unit": "ms",
    }
    facts = {name: found[name] for name in _FACTS if found[name] is not None}
    measurements.write(target, [] if found["refused"] else [row], **facts)

"""The cost of a method at one LR size: counted always, timed where asked."""

from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import torch

from resolute import methods, registry
from resolute.core import devices, layout
from resolute.core.errors import ResoluteError
from resolute.inference.prepare import prepare
from resolute.metrics.counters import Counts, count, count_macs
from resolute.profile.timing import latency_ms, observed_call

# metric, protocol and unit of every figure of the summary that becomes a row
_ROWS = {
    "params": ("params", "", ""),
    "params_ntire2022": ("params_ntire2022", "", ""),
    "macs": ("macs", "macs", ""),
    "macs_decoder": ("macs_decoder", "macs", ""),
    "macs_lowest": ("macs_lowest", "macs", ""),
    "flops_2macs": ("flops", "flops_2macs", ""),
    "flops_ntire2022": ("flops", "flops_ntire2022", ""),
    "flops_fvcore": ("flops", "flops_fvcore", ""),
    "activations": ("activations", "", ""),
    "n_conv": ("n_conv", "", ""),
    "latency_ms": ("latency", "", "ms"),
    "first_call_ms": ("first_call", "", "ms"),
    "peak_memory_bytes": ("peak_memory", "", "B"),
}
# metrics that are the same at every LR size
_SIZELESS = {"params", "params_ntire2022", "n_conv"}

# How the timing was done, for the provenance
_TIMING = ("device", "threads", "precision")
_NOT_TIMED = dict.fromkeys(("latency_ms", "first_call_ms", "peak_memory_bytes", *_TIMING))


def profile(
    method: str, scale: float, lr_size: tuple[int, int], timed: bool, runs: int = 3, threads: int = 0
) -> dict[str, Any]:
    """Count a method, and time it on this machine's device.

    Args:
        method: a method of the registry.
        scale: HR side over LR side.
        lr_size: width and height of the LR image in pixels.
        timed: measure latency and peak memory too, alone on the device (or the CPU).
        runs: timed forward passes, the best of which counts; fewer where they are long (`latency_ms`).
        threads: CPU threads; 0 leaves the choice to torch.

    Returns:
        method, scale, lr_size, the counts (plain integers; `macs_lowest` are those of the cheapest way through the
        network, where it has several, `macs_decoder` is none where it has no encoder, and `params_ntire2022` are the
        parameters that the released network registers, needed or not), and `latency_ms`, `first_call_ms` (the pass
        that latency leaves out), `peak_memory_bytes`, `device` (none where not timed, or not to be had), with the
        `threads` and the `precision` of the timing.

    Raises:
        ResoluteError: unknown method or scale, or an LR size below the network's minimum.
    """
    entry = registry.entry(method)
    entry.check_scale(scale)
    width, height = lr_size
    found: dict[str, Any] = {"method": method, "scale": scale, "lr_size": f"{width}x{height}"}
    if not entry.trainable:
        return {
            **found,
            **dict.fromkeys((*(field.name for field in fields(Counts)), "macs_lowest", "params_ntire2022"), 0),
            "macs_decoder": None,
            **_NOT_TIMED,
        }
    least = entry.minimum_side
    if min(width, height) < least:
        raise ResoluteError(
            f"an LR size of {width}x{height} is too small: {method} needs sides of at least {least} pixels"
        )
    found.update(count(lambda: methods.build(method, scale), height, width).as_dict())
    chooses = entry.experts or entry.settings
    found["macs_lowest"] = (
        count_macs(lambda: methods.cheapest(method, scale), height, width) if chooses else found["macs"]
    )
    found["params_ntire2022"] = found["params"] + entry.released_extra_params
    found.update(_NOT_TIMED)
    if timed:
        found.update(_timed(entry, scale, height, width, runs, threads))
    return found


def _timed(entry: registry.Entry, scale: float, height: int, width: int, runs: int, threads: int) -> dict[str, Any]:
    devices.claim_gpus(1)
    device = devices.accelerator()
    if device == "cpu":
        devices.claim_cpu(alone=True)
        torch.set_num_threads(threads or torch.get_num_threads())
    network = prepare(methods.build(entry.name, scale), device)
    lr = torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(0)) * entry.data_range
    lr = lr.to(device).contiguous(memory_format=torch.channels_last)
    # The first pass over an image in this process. In its time: kernels that are chosen or loaded, the first use of
    # memory. Before it: the network made and moved and, on a CPU, fused and tried on a tiny image. Its memory is taken
    # too: a later pass may find its buffers resident already.
    first_call, memory = observed_call(network, lr)
    latency = latency_ms(network, lr, runs)
    return {
        "latency_ms": latency,
        "first_call_ms": first_call,
        "peak_memory_bytes": memory,
        "device": devices.device_name(device),
        "threads": torch.get_num_threads() if device == "cpu" else None,
        "precision": str(lr.dtype).removeprefix("torch."),
    }


def as_rows(found: dict[str, Any]) -> list[dict[str, Any]]:
    """A profile as rows of the long form."""
    rows = []
    for key, (metric, protocol, unit) in _ROWS.items():
        if found[key] is None:
            continue
        device = found["device"] if unit else ""
        row = {
            "metric": metric,
            "protocol": protocol,
            "value": float(found[key]),
            "unit": unit,
            "device": device,
        }
        described = {"source": "measured", "method": found["method"], "scale": found["scale"]}
        rows.append({**described, "lr_size": found["lr_size"], **row})
    return rows


def rows_for_output(method: str, scale: float, output_size: tuple[int, int]) -> list[dict[str, Any]]:
    """What a method costs for an output of a size, as tables of papers have it: counted, never timed.

    Args:
        output_size: width and height in pixels; the LR size is theirs over the scale, rounded down.

    Returns:
        Rows of the long form at that LR size, without what depends on no size; none where it is too small for the
        network.
    """
    width, height = (int(side / scale) for side in output_size)
    if min(width, height) < registry.entry(method).minimum_side:
        return []
    rows = as_rows(profile(method, scale, (width, height), timed=False))
    return [row for row in rows if row["metric"] not in _SIZELESS]


def timing_of(found: dict[str, Any]) -> dict[str, Any]:
    """How a profile was timed, as far as it was: `device`, `threads` (of a CPU) and `precision`."""
    return {name: found[name] for name in _TIMING if found[name] is not None}


def write_rows(rows: Sequence[dict[str, Any]], method: str, scale: float, **facts: Any) -> Path:
    """Keep a profile's rows as `reports/measurements/cost/<method>/x<scale>.parquet`."""
    from resolute import measurements

    target = layout.cost(method, scale)
    measurements.write(target, rows, method=method, **facts)
    return target

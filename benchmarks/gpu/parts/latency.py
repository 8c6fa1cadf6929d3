"""What every network of NTIRE 2022 takes, in three forms, by the challenge's protocol: alone, batch 1, warmed up."""

import math
from functools import cache

import torch
from torch import Tensor, nn

from benchmarks.gpu.forms import BF16, FP32, GRAPH, Graphed, allow_tf32, as_input, in_bf16, input_in_bf16
from benchmarks.gpu.journal import LOST, Journal, Row
from benchmarks.gpu.pixels import SCALE, photograph
from benchmarks.gpu.place import Setup
from benchmarks.gpu.published import network
from resolute import methods, registry
from resolute.metrics.counters import Counts, count
from resolute.profile.timing import call_ms, latency_ms, peak_memory_bytes

# The size that the challenge and its tables count at, and that of DIV2K's LR images.
SIZES = ((256, 256), (510, 339))
_RUNS = 10


def run(setup: Setup) -> None:
    """Measure what the journal has not: size by size, network by network, form by form."""
    journal = Journal(setup.out)
    allow_tf32(False)
    names = [name for name in registry.names() if registry.entry(name).family == "ntire2022"]
    # What starts with the first call of a process is no network's.
    call_ms(nn.Conv2d(3, 8, 3).to(setup.device), torch.rand(1, 3, 64, 64, device=setup.device))
    for size in ((32, 24),) if setup.smoke else SIZES:
        for name in ("rlfn_tiny",) if setup.smoke else names:
            for form in (FP32, BF16) if setup.smoke else (FP32, BF16, GRAPH):
                item = f"{name} {size[0]}x{size[1]} {form}"
                if not journal.is_settled("latency", item):
                    with journal.item("latency", item) as rows:
                        _measure(setup, journal, name, size, form, rows)
                if Graphed.captures_failed:
                    raise SystemExit(LOST)


def _measure(setup: Setup, journal: Journal, name: str, size: tuple[int, int], form: str, rows: list[Row]) -> None:
    def add(metric: str, value: float | None, unit: str = "") -> None:
        described = {"method": name, "scale": SCALE, "lr_size": f"{size[0]}x{size[1]}", "protocol": form}
        rows.append({**described, "metric": metric, "value": value, "unit": unit})

    data_range = registry.entry(name).data_range
    torch.manual_seed(0)
    run = network(setup, name)
    lr = as_input(photograph(setup, *size), data_range, setup.device)
    if form == FP32:
        add("first_call", call_ms(run, lr), "ms")
        add("peak_memory", peak_memory_bytes(run, lr), "B")
    else:
        plain = _output(run, lr)
        run, lr = in_bf16(run, setup.device), input_in_bf16(lr)
        first = call_ms(run, lr)
        if form == GRAPH:
            run = Graphed(run, lr)
        else:
            add("first_call", first, "ms")
            add("peak_memory", peak_memory_bytes(run, lr), "B")
        add("psnr_to_fp32", _psnr(_output(run, lr), plain, data_range), "dB")
    latency = latency_ms(run, lr, _RUNS)
    add("latency", latency, "ms")
    counts = _counts(name, *size)
    ceilings = {(row["metric"], row.get("protocol", "")): row["value"] for row in journal.rows() if not row["method"]}
    if rate := ceilings.get(("matrix_rate", FP32 if form == FP32 else BF16)):
        add("arithmetic_share", counts.flops_2macs / (latency / 1000) / (rate * 1e12))
    if bandwidth := ceilings.get(("copy_bandwidth", "")):
        # What every convolution gives is written once and read once, and every parameter read once.
        moved = (2 * counts.activations + counts.params) * lr.element_size()
        add("memory_share", moved / (latency / 1000) / (bandwidth * 1e9))


def _output(network: nn.Module, lr: Tensor) -> Tensor:
    """The SR image on the CPU, where it takes none of the memory that is measured."""
    with torch.no_grad():
        return network(lr).float().cpu()


def _psnr(one: Tensor, other: Tensor, data_range: float) -> float | None:
    """In dB of the data range; none where they are equal."""
    error = (one - other).double().square().mean().item()
    if not math.isfinite(error):
        raise ValueError("the output is not finite")
    return 10 * math.log10(data_range**2 / error) if error else None


@cache
def _counts(name: str, width: int, height: int) -> Counts:
    return count(lambda: methods.build(name, SCALE), height, width)

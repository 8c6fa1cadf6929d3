"""Time and peak memory of a forward pass: of a network's first one, and of the best of several after a warm-up."""

import time
from pathlib import Path

import torch
from torch import Tensor, nn

_WARMUP_RUNS = 2
_ENOUGH_MS = 10_000


def latency_ms(network: nn.Module, lr: Tensor, runs: int) -> float:
    """The best time of `runs` forward passes in milliseconds, synchronised, after two that do not count.

    Of a network whose passes are long there are fewer, as little of what disturbs short ones matters to them: none
    begins after ten seconds of passes, and the last one counts in any case.
    """
    times: list[float] = []
    while len(times) < _WARMUP_RUNS + runs and sum(times) < _ENOUGH_MS:
        times.append(call_ms(network, lr))
    return min(times[_WARMUP_RUNS:] or times[-1:])


def call_ms(network: nn.Module, lr: Tensor) -> float:
    """The time of one forward pass in milliseconds, synchronised; of a network's first it is what warm-ups hide."""
    with torch.inference_mode():
        _synchronise(lr)
        began = time.perf_counter()
        network(lr)
        _synchronise(lr)
        return 1000 * (time.perf_counter() - began)


def observed_call(network: nn.Module, lr: Tensor) -> tuple[float, int | None]:
    """The time of one forward pass as `call_ms` takes it, and the most memory that it needs on top of what is held
    before it.

    On a GPU: torch's peak of allocated memory, the network's own included, as the challenge has it. On a CPU:
    the growth of the process' resident set, which Linux alone can tell; none elsewhere.
    """
    if lr.is_cuda:
        torch.cuda.reset_peak_memory_stats()
        return call_ms(network, lr), torch.cuda.max_memory_allocated()
    reset, status = Path("/proc/self/clear_refs"), Path("/proc/self/status")
    if not (reset.exists() and status.exists()):
        return call_ms(network, lr), None
    reset.write_text("5")  # sets the peak back to what is resident now
    before = _status_bytes(status, "VmRSS")
    time_ms = call_ms(network, lr)
    return time_ms, max(0, _status_bytes(status, "VmHWM") - before)


def peak_memory_bytes(network: nn.Module, lr: Tensor) -> int | None:
    """The memory of one forward pass, as `observed_call` takes it."""
    return observed_call(network, lr)[1]


def _status_bytes(status: Path, field: str) -> int:
    line = next(line for line in status.read_text().splitlines() if line.startswith(f"{field}:"))
    return int(line.split()[1]) * 1024


def _synchronise(lr: Tensor) -> None:
    if lr.is_cuda:
        torch.cuda.synchronize()

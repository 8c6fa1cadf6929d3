"""The energy that a training takes, by the machine's own counters: whole CPU packages, and the GPUs that it uses.

The counters know no processes: what else runs on a package or a GPU meanwhile is counted too. CPU packages are read
from Linux' powercap (https://docs.kernel.org/power/powercap/powercap.html), which mostly lets root alone read, GPUs by
NVML. What cannot be read is NaN, and so is every sum that it is part of.
"""

import math
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import torch

POWERCAP = Path("/sys/class/powercap")
NOTHING: Mapping[str, float] = {"cpu_joules": 0.0, "gpu_joules": 0.0}
# Some CPUs' counters go round after 65 kJ: a package would have to draw a kilowatt to do so unseen.
_LONGEST_S = 60.0


class Counter:
    """A counter of joules.

    Args:
        read: what it shows, in joules.
        limit: where it starts from zero again.
    """

    def __init__(self, read: Callable[[], float], limit: float = math.inf) -> None:
        self.read, self.limit, self.last = read, limit, read()

    def advance(self) -> float:
        """The joules since the time before."""
        before, self.last = self.last, self.read()
        return (self.last - before) % self.limit


class Meter:
    """Adds up the joules of the CPU packages and of the GPUs from when it is made.

    Args:
        joules: what it goes on from, as `read` gave it.
        gpus: how many GPUs the training uses, the first ones that it can see.
    """

    def __init__(self, joules: Mapping[str, float], gpus: int) -> None:
        self.joules = dict(joules)
        self.counters = {"cpu_joules": cpu_counters(), "gpu_joules": [_gpu_counter(index) for index in range(gpus)]}
        self.read_at = time.monotonic()

    def read(self) -> dict[str, float]:
        """`cpu_joules` and `gpu_joules` until now."""
        for kind, counters in self.counters.items():
            self.joules[kind] += sum(counter.advance() for counter in counters)
        self.read_at = time.monotonic()
        return dict(self.joules)

    def tick(self) -> None:
        """Called at every step, so that no counter goes round unseen between two readings."""
        if time.monotonic() - self.read_at > _LONGEST_S:
            self.read()


def cpu_counters(folder: Path = POWERCAP) -> list[Counter]:
    """The counters of all CPU packages; one that shows NaN where there are none."""
    # A package's own parts and the whole platform are zones too, and would count the same energy again.
    zones = [zone for zone in sorted(folder.glob("intel-rapl:*")) if _text(zone / "name").startswith("package")]
    counters = [Counter(partial(_joules, zone / "energy_uj"), _joules(zone / "max_energy_range_uj")) for zone in zones]
    return counters or [Counter(lambda: math.nan)]


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""


def _joules(path: Path) -> float:
    """A file of microjoules; NaN where it cannot be read."""
    text = _text(path).strip()
    return int(text) / 1e6 if text.isdecimal() else math.nan


def _gpu_counter(index: int) -> Counter:
    """The counter of a GPU, by CUDA's number of it."""
    import pynvml

    # NVML numbers devices in another order than CUDA; both know them by their UUIDs.
    uuid = f"GPU-{torch.cuda.get_device_properties(index).uuid}"

    def read() -> float:
        try:
            pynvml.nvmlInit()
            return pynvml.nvmlDeviceGetTotalEnergyConsumption(pynvml.nvmlDeviceGetHandleByUUID(uuid)) / 1e3
        except pynvml.NVMLError:
            return math.nan

    return Counter(read)

"""How fast this machine is, measured in a second or so for each network: with fresh weights, on random pixels."""

import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from functools import cache, partial

import numpy as np
import torch

from resolute import methods, registry
from resolute.inference.footprint import peak_bytes
from resolute.methods.plan import Phase
from resolute.metrics.protocols import measure

MOST_PIXELS = 2**12  # LR pixels of a step that is timed; longer ones are taken to be in proportion
SIDE = 64  # LR pixels of an image that is timed
HR_SIDE = 256  # pixels of an image whose metrics are timed


@cache
def start_seconds() -> float:
    """What every job takes before it begins: an interpreter, and torch."""
    command = [sys.executable, "-c", "import torch, resolute.cli"]
    return _seconds(lambda: subprocess.run(command, check=True), warm=False)


def step_seconds(method: str, scale: float, phase: Phase, device: str) -> float:
    """A step of training: forward and backward of the network as it is trained, for the patches of a phase."""
    entry = registry.entry(method)
    side = phase.lr_patch_size
    count = min(phase.batch_size, max(1, MOST_PIXELS // side**2))
    network = methods.training(entry).build(entry, scale).to(device).train()
    lr = torch.rand(count, 3, side, side, device=device)

    def step() -> None:
        network.zero_grad(set_to_none=True)
        network(lr).sum().backward()
        _wait(device)

    return _seconds(step) * phase.batch_size / count


def step_bytes(method: str, scale: float, phase: Phase) -> int:
    """The most memory that such a step takes."""
    entry = registry.entry(method)
    with torch.device("meta"):
        network = methods.training(entry).build(entry, scale).train()
    return peak_bytes(network, phase.lr_patch_size, phase.lr_patch_size, phase.batch_size, trains=True)


def pixel_seconds(method: str, scale: float, device: str) -> float:
    """Upscaling, per LR pixel, at all operating points of a method together."""
    entry = registry.entry(method)
    lr = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
    seconds = 0.0
    for setting in entry.settings or ("",):
        upscale = methods.upscaler(method, scale, None, device, setting)
        seconds += _seconds(partial(upscale, lr))
    return seconds / SIDE**2


def metric_seconds(protocols: Sequence[str], scale: float) -> float:
    """PSNR and SSIM by protocols, per HR pixel."""
    sr, hr = np.random.default_rng(0).integers(0, 256, (2, HR_SIDE, HR_SIDE, 3), dtype=np.uint8)
    return _seconds(lambda: [measure(sr, hr, scale, name) for name in protocols]) / HR_SIDE**2


def _seconds(work: Callable[[], object], warm: bool = True) -> float:
    """The time of the second call, which finds caches and memory as all later ones do."""
    if warm:
        work()
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _wait(device: str) -> None:
    if device != "cpu":
        torch.cuda.synchronize()

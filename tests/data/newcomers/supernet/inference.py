"""How the supernet infers: the harder half of an image takes the wide network, or both halves do."""

from collections import Counter
from functools import cache
from pathlib import Path

import numpy as np
from torch import nn

from resolute.images.gradients import gradient_magnitude
from resolute.inference.prepare import prepare
from resolute.methods.network.form import released as build
from resolute.methods.network.inference import runner
from resolute.methods.upscaled import Upscaled, Upscaler
from resolute.methods.weights import load_weights
from resolute.metrics.counters import count_macs
from resolute.registry import Entry

__all__ = ["build", "cheapest", "upscaler"]


def cheapest(entry: Entry, scale: float) -> nn.Module:
    """The narrow network."""
    return _at(build(entry, scale), 0)


def upscaler(entry: Entry, scale: float, weights: Path | None, device: str, setting: str = "") -> Upscaler:
    """Halves of an image by themselves: at `full` both take the wide network, at `saving` the harder one does."""
    runners = []
    for expert in range(2):
        network = build(entry, scale)
        if weights is not None:
            load_weights(network, weights)
        runners.append(runner(entry, prepare(_at(network, expert), device), device))

    @cache
    def macs(height: int, width: int, expert: int) -> int:
        return count_macs(lambda: _at(build(entry, scale), expert), height, width)

    def upscale(lr: np.ndarray) -> Upscaled:
        halves = np.array_split(lr, 2, axis=1)
        hardest = max(range(2), key=lambda number: gradient_magnitude(halves[number]).mean())
        experts = [int(setting == "full" or number == hardest) for number in range(2)]
        parts = [runners[expert](half).sr for half, expert in zip(halves, experts, strict=True)]
        sizes = [(*half.shape[:2], expert) for half, expert in zip(halves, experts, strict=True)]
        return Upscaled(
            np.concatenate(parts, axis=1),
            macs=sum(macs(*size) for size in sizes),
            full_macs=sum(macs(*half.shape[:2], 1) for half in halves),
            chosen={"halves": dict(Counter(entry.experts[expert] for expert in experts))},
            routes=np.repeat(np.array(experts, np.uint8), [half.shape[1] for half in halves])[None].repeat(len(lr), 0),
            costs={
                name: sum(macs(*half.shape[:2], number) for half in halves) for number, name in enumerate(entry.experts)
            },
        )

    return upscale


def _at(network: nn.Module, expert: int) -> nn.Module:
    network.width = network.widths[expert]
    return network

"""How a network with routers infers: it says which experts an image took, and what these cost."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
from torch import nn

from resolute.methods.network.form import released as build
from resolute.methods.network.inference import prepared, runner
from resolute.methods.upscaled import Upscaled, Upscaler
from resolute.metrics.counters import count_macs
from resolute.models.blocks.experts import report_routes, routed
from resolute.registry import Entry

__all__ = ["build", "cheapest", "upscaler"]


def cheapest(entry: Entry, scale: float) -> nn.Module:
    """The network, which on the meta device takes the cheapest expert everywhere."""
    network = build(entry, scale)
    for layer in routed(network):
        layer.assumed = 0
    return network


def upscaler(entry: Entry, scale: float, weights: Path | None, device: str, setting: str = "") -> Upscaler:
    """The network with its weights; the places where it chooses are its residual groups, from `group1`."""
    network = prepared(entry, scale, weights, device)
    upscale = runner(entry, network, device)
    routes: list[int] = []
    report_routes(network, routes.append)

    @cache
    def macs(height: int, width: int, taken: tuple[int, ...]) -> int:
        return count_macs(lambda: _taking(build(entry, scale), taken), height, width)

    def routing(lr: np.ndarray) -> Upscaled:
        routes.clear()
        sr = upscale(lr).sr
        height, width = lr.shape[:2]
        dearest = (len(entry.experts) - 1,) * len(routes)
        return Upscaled(
            sr,
            macs=macs(height, width, tuple(routes)),
            full_macs=macs(height, width, dearest),
            chosen={f"group{place}": {entry.experts[number]: 1} for place, number in enumerate(routes, start=1)},
        )

    return routing


def _taking(network: nn.Module, routes: Sequence[int]) -> nn.Module:
    for layer, number in zip(routed(network), routes, strict=True):
        layer.assumed = number
    return network

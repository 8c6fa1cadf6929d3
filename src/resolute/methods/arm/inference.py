"""How ARM infers: every patch by the subnet whose promised PSNR is worth its cost."""

import re
from functools import cache, partial
from pathlib import Path

import numpy as np
from torch import nn

from resolute import registry
from resolute.core.errors import ResoluteError
from resolute.images.edges import edge_score
from resolute.methods.arm.choice import choose, predicted_psnr
from resolute.methods.arm.supernet import ARM, costs, fresh_subnet, subnet
from resolute.methods.arm.supernet import released as build
from resolute.methods.patchwise import PATCH, Expert
from resolute.methods.routing import Route, always, patch_upscaler, when_taken
from resolute.methods.upscaled import Upscaler
from resolute.methods.weights import load_weights
from resolute.metrics.counters import count_macs
from resolute.registry import Entry

__all__ = ["build", "cheapest", "router", "upscaler"]


def cheapest(entry: Entry, scale: float) -> nn.Module:
    """The subnet that costs least: bicubic."""
    return fresh_subnet(entry, scale, 0)


def upscaler(entry: Entry, scale: float, weights: Path | None, device: str, setting: str = "") -> Upscaler:
    """The subnets with their weights, and the choice among them.

    Args:
        setting: `eta<k>`, at which a decibel is worth k times the FLOPs of the widest subnet; `best`, where cost does
            not count; or the name of an expert, which all patches take.
    """
    supernet = build(entry, scale)
    if weights is not None:
        load_weights(supernet, weights)
    experts = [
        Expert(name, when_taken(partial(subnet, entry, scale, number, supernet), device), macs, flops)
        for number, (name, macs, flops) in enumerate(zip(entry.experts, *_patch_costs(entry.name, scale), strict=True))
    ]
    return patch_upscaler(entry, scale, experts, router(entry, scale, supernet, setting), device)


@cache
def _patch_costs(name: str, scale: float) -> tuple[list[int], list[float]]:
    """The multiply-adds of a patch by each subnet, and its FLOPs: kept for the process, which has a method at several
    settings.
    """
    entry = registry.entry(name)
    subnets = (partial(fresh_subnet, entry, scale, number) for number in range(len(entry.experts)))
    return [count_macs(fresh, PATCH, PATCH) for fresh in subnets], costs(entry, scale).tolist()


def router(entry: Entry, scale: float, supernet: ARM, setting: str) -> Route:
    """The choice at an operating point."""
    if setting in entry.experts:
        return always(entry.experts.index(setting))
    centres, psnr, cost = supernet.centres.numpy(), supernet.psnr.numpy(), np.array(_patch_costs(entry.name, scale)[1])
    eta = np.inf if setting == "best" else _eta(entry, setting)

    def route(patches: np.ndarray) -> np.ndarray:
        scores = edge_score(np.rint(patches).clip(0, 255).astype(np.uint8))
        return choose(predicted_psnr(scores, centres, psnr), cost, eta)

    return route


def _eta(entry: Entry, setting: str) -> float:
    found = re.fullmatch(r"eta(\d+(?:\.\d+)?)", setting)
    if not found:
        known = f"give eta and a number, best, or one of {', '.join(entry.experts)}"
        raise ResoluteError(f"{entry.name} has no setting '{setting}': {known}")
    return float(found[1])

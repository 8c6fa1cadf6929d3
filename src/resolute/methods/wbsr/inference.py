"""How WBSR infers: every patch by the subnet that its class is sent to."""

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from torch import nn

from resolute.core.errors import ResoluteError
from resolute.images.gradients import gradient_score
from resolute.methods.patchwise import PATCH, Expert
from resolute.methods.routing import Route, always, patch_upscaler, when_taken
from resolute.methods.upscaled import Upscaler
from resolute.methods.wbsr.projection import by_budget, by_difficulty, classes, evenly
from resolute.methods.wbsr.supernet import WBSR, subnets_of
from resolute.methods.wbsr.supernet import released as build
from resolute.methods.weights import load_weights
from resolute.registry import Entry

__all__ = ["build", "cheapest", "upscaler"]


def cheapest(entry: Entry, scale: float) -> nn.Module:
    """The subnet that costs least."""
    return subnets_of(entry, scale)[0].build()


def upscaler(entry: Entry, scale: float, weights: Path | None, device: str, setting: str = "") -> Upscaler:
    """The subnets with their weights, and the projection of patches to them.

    Args:
        setting: `alpha<a>`, the repaired Eq. 16; `eq15`; `budget<share>`, Eq. 16 as printed, with alpha 1 and that
            share of the full network's cost; or the name of an expert, which all patches take.
    """
    supernet = build(entry, scale)
    if weights is not None:
        load_weights(supernet, weights)
    found = subnets_of(entry, scale)
    experts = [
        Expert(one.name, when_taken(partial(one.cut, supernet.full), device), one.macs(PATCH, PATCH)) for one in found
    ]
    costs = np.array([expert.macs for expert in experts], float)
    route = _router(entry, supernet, [one.name for one in found], costs, setting)
    return patch_upscaler(entry, scale, experts, route, device)


def _router(entry: Entry, supernet: WBSR, names: list[str], costs: np.ndarray, setting: str) -> Route:
    """The choice at an operating point."""
    if setting in names:
        return always(names.index(setting))
    thresholds = supernet.thresholds.numpy()
    rule = _rule(entry, len(thresholds) + 1, costs, setting)

    def route(patches: np.ndarray) -> np.ndarray:
        scores = gradient_score(np.rint(patches).clip(0, 255).astype(np.uint8))
        return rule(classes(scores, thresholds))

    return route


def _rule(entry: Entry, count: int, costs: np.ndarray, setting: str) -> Callable[[np.ndarray], np.ndarray]:
    if setting == "eq15":
        return partial(evenly, count=count, subnets=len(costs))
    named = re.fullmatch(r"(alpha|budget)(\d+(?:\.\d+)?)", setting)
    if not named:
        known = f"give alpha or budget and a number, eq15, or one of {', '.join(entry.experts)}"
        raise ResoluteError(f"{entry.name} has no setting '{setting}': {known}")
    value = float(named[2])
    if named[1] == "alpha":
        return partial(by_difficulty, count=count, costs=costs, alpha=value)
    return partial(by_budget, count=count, costs=costs, alpha=1.0, budget=value * costs[-1])

"""Methods: a network, how it trains and how it infers.

Most methods are a network and nothing else: `NetworkMethod` serves them all from their registry entry. One
that is more (it routes patches, works at any scale, or has no network) is a file of this package with a class
`Method` that has the same members; its registry entry names the file under `kind`.
"""

from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from resolute import registry
from resolute.core.errors import ResoluteError
from resolute.methods.plan import Plan

# The engines read the registry to plan their work, and need no torch for that.
if TYPE_CHECKING:
    from torch import nn

Upscaler = Callable[[np.ndarray], np.ndarray]
"""Maps an LR image (h x w x 3, uint8 or float in 0..255) to the SR image (sh x sw x 3, float32, 0..255, not
clamped)."""


OnRoute = Callable[[int], None]
"""Told the number (from 0) of an expert that a network chooses for an image, group by group."""


class Method(Protocol):
    """What the stages ask of a method."""

    entry: registry.Entry

    def build(self, scale: float) -> "nn.Module":
        """The network for a scale as it is deployed, freshly initialised: what weights fit and counters count."""

    def build_for_training(self, scale: float) -> "nn.Module":
        """The network for a scale as it is trained, freshly initialised; folded, it is what `build` gives."""

    def plan(self, defaults: Mapping[str, Any], recipe: Mapping[str, Any]) -> Plan:
        """How it trains, from the preset's defaults and the method's recipe."""

    def upscaler(self, scale: float, weights: Path | None, device: str, on_route: OnRoute | None = None) -> Upscaler:
        """Inference as the method means it, with weights from a file (none: fresh ones).

        `on_route` is called for every choice of an expert, where the method chooses experts.
        """


def check_finite(sr: np.ndarray, method: str) -> np.ndarray:
    """Refuse an SR image with pixels that are no numbers: no rounding or clamping would show them."""
    if not np.isfinite(sr).all():
        raise ResoluteError(f"{method} gives pixels that are not finite: its weights are broken, make or give others")
    return sr


def load(name: str) -> Method:
    """A method by its name; an unknown one is an error that names the nearest."""
    entry = registry.entry(name)
    module = import_module(f"resolute.methods.{entry.kind}")
    if not hasattr(module, "Method"):
        raise ResoluteError(f"src/resolute/methods/{entry.kind}.py has no class Method: take another kind for {name}")
    return module.Method(entry)

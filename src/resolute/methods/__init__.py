"""Methods: how each is trained, and how it infers.

A kind of method is a folder of this package with two halves, so that an edit of how it infers retrains nothing:
`training.py` and `inference.py`. A registry entry names its kind; most methods are a network and nothing else, of the
kind `network`.
"""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

import numpy as np

from resolute import registry
from resolute.core.errors import ResoluteError

# The engines read the registry to plan their work, and need no torch for that.
if TYPE_CHECKING:
    from torch import nn

    from resolute.methods.learner import Learner
    from resolute.methods.plan import Plan

Upscaler = Callable[[np.ndarray], np.ndarray]
"""Maps an LR image (h x w x 3, uint8 or float in 0..255) to the SR image (sh x sw x 3, float32, 0..255, not
clamped)."""


OnRoute = Callable[[int], None]
"""Told the number (from 0) of an expert that a network chooses for an image, group by group."""


class Training(Protocol):
    """The half of a kind that `train` executes: `methods/<kind>/training.py`."""

    SKIPS: bool
    """Whether a step may leave parameters without a gradient, which several devices must know."""

    def learner(self, entry: registry.Entry, scale: float, plan: "Plan") -> "Learner":
        """What is trained, freshly initialised."""

    def build(self, entry: registry.Entry, scale: float) -> "nn.Module":
        """The network for a scale as it is trained, freshly initialised; folded, it is what inference builds."""

    def released(self, entry: registry.Entry, scale: float) -> "nn.Module":
        """The network for a scale as it is released, freshly initialised: what a warm start is loaded into."""


class Inference(Protocol):
    """The half of a kind that every other stage executes: `methods/<kind>/inference.py`."""

    def build(self, entry: registry.Entry, scale: float) -> "nn.Module":
        """The network for a scale as it is released, freshly initialised: what weights fit and counters count."""

    def upscaler(
        self, entry: registry.Entry, scale: float, weights: Path | None, device: str, on_route: OnRoute | None = None
    ) -> Upscaler:
        """Inference as the method means it, with weights from a file (none: fresh ones).

        `on_route` is called for every choice of an expert, where the method chooses experts.
        """


def check_finite(sr: np.ndarray, method: str) -> np.ndarray:
    """Refuse an SR image with pixels that are no numbers: no rounding or clamping would show them."""
    if not np.isfinite(sr).all():
        raise ResoluteError(f"{method} gives pixels that are not finite: its weights are broken, make or give others")
    return sr


def training(entry: registry.Entry) -> Training:
    """How a method is trained; one without anything to train is an error."""
    if not entry.trainable:
        raise ResoluteError(f"{entry.name} has nothing to train: leave it out of methods.trained")
    return cast(Training, import_module(f"resolute.methods.{entry.kind}.training"))


def inference(entry: registry.Entry) -> Inference:
    """How a method infers."""
    return cast(Inference, import_module(f"resolute.methods.{entry.kind}.inference"))


def build(name: str, scale: float) -> "nn.Module":
    """The network of a method for a scale as it is released, freshly initialised."""
    entry = registry.entry(name)
    return inference(entry).build(entry, scale)


def build_for_training(name: str, scale: float) -> "nn.Module":
    """The network of a method for a scale as it is trained, freshly initialised."""
    entry = registry.entry(name)
    return training(entry).build(entry, scale)


def upscaler(name: str, scale: float, weights: Path | None, device: str, on_route: OnRoute | None = None) -> Upscaler:
    """Inference of a method by its name; see `Inference.upscaler`."""
    entry = registry.entry(name)
    return inference(entry).upscaler(entry, scale, weights, device, on_route)

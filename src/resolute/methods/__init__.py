"""Methods: how each is trained, and how it infers.

A kind of method is a folder of this package with two halves, so that an edit of how it infers retrains nothing:
`training.py` and `inference.py`. A registry entry names its kind; most methods are a network and nothing else, of the
kind `network`.
"""

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

import numpy as np

from resolute import registry
from resolute.core import layout
from resolute.core.errors import ResoluteError

# The engines read the registry to plan their work, and need no torch for that; no training runs what inference makes.
if TYPE_CHECKING:
    from torch import nn

    from resolute.methods.learner import Learner
    from resolute.methods.plan import Plan
    from resolute.methods.upscaled import Upscaled, Upscaler


class Training(Protocol):
    """The half of a kind that `train` executes: `methods/<kind>/training.py`."""

    SKIPS: bool
    """Whether a step may leave parameters without a gradient, which several devices must know."""

    def learner(self, entry: registry.Entry, span: layout.Span, plan: "Plan") -> "Learner":
        """What is trained, freshly initialised, at a scale or a span of them."""

    def build(self, entry: registry.Entry, scale: float) -> "nn.Module":
        """The network for a scale as it is trained, freshly initialised; folded, it is what inference builds."""

    def released(self, entry: registry.Entry, scale: float) -> "nn.Module":
        """The network for a scale as it is released, freshly initialised: what a warm start is loaded into."""


class Inference(Protocol):
    """The half of a kind that every other stage executes: `methods/<kind>/inference.py`."""

    def build(self, entry: registry.Entry, scale: float) -> "nn.Module":
        """The network for a scale as it is released, freshly initialised: what weights fit and counters count."""

    def cheapest(self, entry: registry.Entry, scale: float) -> "nn.Module":
        """What `build` makes, made to take the cheapest way for every image where there are several: for counters."""

    def upscaler(
        self, entry: registry.Entry, scale: float, weights: Path | None, device: str, setting: str = ""
    ) -> "Upscaler":
        """Inference as the method means it, with weights from a file (none: fresh ones), at an operating point."""


def check_finite(upscaled: "Upscaled", method: str) -> "Upscaled":
    """Refuse an SR image with pixels that are no numbers: no rounding or clamping would show them."""
    if not np.isfinite(upscaled.sr).all():
        raise ResoluteError(f"{method} gives pixels that are not finite: its weights are broken, make or give others")
    return upscaled


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


def cheapest(name: str, scale: float) -> "nn.Module":
    """What `build` makes, made to take the cheapest way for every image; see `Inference.cheapest`."""
    entry = registry.entry(name)
    return inference(entry).cheapest(entry, scale)


def build_for_training(name: str, scale: float) -> "nn.Module":
    """The network of a method for a scale as it is trained, freshly initialised."""
    entry = registry.entry(name)
    return training(entry).build(entry, scale)


def upscaler(name: str, scale: float, weights: Path | None, device: str, setting: str = "") -> "Upscaler":
    """Inference of a method by its name, at its default operating point if at none; see `Inference.upscaler`."""
    entry = registry.entry(name)
    return inference(entry).upscaler(entry, scale, weights, device, entry.setting(setting))

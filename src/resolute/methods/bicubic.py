"""Bicubic enlargement: the baseline that every network has to beat, without weights or training."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from torch import nn

from resolute.core.errors import ResoluteError
from resolute.images.imresize import imresize
from resolute.methods import OnRoute, Upscaler
from resolute.methods.plan import Plan
from resolute.registry import Entry


class Method:
    """MATLAB's imresize, rounded to uint8 after each pass where the input is uint8."""

    def __init__(self, entry: Entry) -> None:
        self.entry = entry

    def build(self, scale: float) -> nn.Module:
        raise ResoluteError(f"{self.entry.name} has no network: there is nothing to train at x{scale:g}")

    def build_for_training(self, scale: float) -> nn.Module:
        return self.build(scale)

    def plan(self, defaults: Mapping[str, Any], recipe: Mapping[str, Any]) -> Plan:
        raise ResoluteError(f"{self.entry.name} has nothing to train: leave it out of methods.trained")

    def upscaler(self, scale: float, weights: Path | None, device: str, on_route: OnRoute | None = None) -> Upscaler:
        def upscale(lr: np.ndarray) -> np.ndarray:
            return imresize(lr, scale).astype(np.float32)

        return upscale

"""MATLAB's imresize, rounded to uint8 after each pass where the input is uint8."""

from pathlib import Path

import numpy as np
from torch import nn

from resolute.core.errors import ResoluteError
from resolute.images.imresize import imresize
from resolute.methods.upscaled import Upscaled, Upscaler
from resolute.registry import Entry


def build(entry: Entry, scale: float) -> nn.Module:
    """There is none."""
    raise ResoluteError(f"{entry.name} has no network: there is nothing to build at x{scale:g}")


cheapest = build


def upscaler(entry: Entry, scale: float, weights: Path | None, device: str, setting: str = "") -> Upscaler:
    """The enlargement by a scale."""

    def upscale(lr: np.ndarray) -> Upscaled:
        size = round(lr.shape[0] * scale), round(lr.shape[1] * scale)
        return Upscaled(imresize(lr, scale, size=size).astype(np.float32))

    return upscale

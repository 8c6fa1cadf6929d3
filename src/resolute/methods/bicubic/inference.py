"""MATLAB's imresize, rounded to uint8 after each pass where the input is uint8."""

from pathlib import Path

import numpy as np
from torch import nn

from resolute.core.errors import ResoluteError
from resolute.images.imresize import imresize
from resolute.methods import OnRoute, Upscaler
from resolute.registry import Entry


def build(entry: Entry, scale: float) -> nn.Module:
    """There is none."""
    raise ResoluteError(f"{entry.name} has no network: there is nothing to build at x{scale:g}")


def upscaler(
    entry: Entry, scale: float, weights: Path | None, device: str, on_route: OnRoute | None = None
) -> Upscaler:
    """The enlargement by a scale."""

    def upscale(lr: np.ndarray) -> np.ndarray:
        return imresize(lr, scale).astype(np.float32)

    return upscale

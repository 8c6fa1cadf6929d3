"""What a method makes of an LR image."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class Upscaled:
    """An SR image and, of a dynamic method, what it took.

    Attributes:
        sr: sh x sw x 3, float32, 0..255, not clamped.
        macs: multiply-adds, where they depend on the image.
        full_macs: the multiply-adds of the costliest way for an image of this size.
        paper_flops: FLOPs of the image as the method's paper counts them: of all patches of the grid, where it cuts
            patches.
        chosen: at each place of the network or the image, how often each expert of the registry entry was chosen.
        routes: h x w or sh x sw, uint8, where experts are chosen within the image: the number of the expert, in the
            order of the registry entry, that each LR pixel or each SR pixel took.
        costs: with `routes`, the multiply-adds of the image by each expert alone.
    """

    sr: np.ndarray
    macs: int | None = None
    full_macs: int | None = None
    paper_flops: float | None = None
    chosen: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    routes: np.ndarray | None = None
    costs: Mapping[str, int] = field(default_factory=dict)


Upscaler = Callable[[np.ndarray], Upscaled]
"""Takes an LR image: h x w x 3, uint8 or float in 0..255."""

"""Whether a graph computes what the network does.

On photographs: trained networks may give anything for noise (PAN's published weights at x4: 1e20, no digit of which two
float32 programs share).
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from resolute.core.errors import ResoluteError
from resolute.export.photographs import crop
from resolute.metrics.psnr import PEAK, psnr

TOLERANCE = 1e-4
# Height and width: the smallest that the network takes, what windows and strides divide, and what they do not.
SIZES = ((0, 0), (48, 32), (37, 59))


@dataclass(frozen=True)
class Parity:
    """How far a graph is from the network.

    Attributes:
        error: greatest difference of a value, over the range of the network's values in that image.
        psnr_db: least PSNR of the graph's image to the network's; infinite where all are equal.
        sizes: of the LR images, as WIDTHxHEIGHT.
    """

    error: float
    psnr_db: float
    sizes: tuple[str, ...]


def check_parity(
    network: Callable[[Tensor], Tensor], graph: Callable[[Tensor], Tensor], minimum_side: int, name: str
) -> Parity:
    """Run both on a photograph in three sizes (spandrel#224).

    Raises:
        ResoluteError: shapes differ, or values do by more than `TOLERANCE`.
    """
    errors, decibels, sizes = [], [], []
    for sides in SIZES:
        height, width = (max(side, minimum_side) for side in sides)
        lr = crop(height, width)
        with torch.inference_mode():
            wanted, found = network(lr), graph(lr)
        what = f"{name} cannot be exported: for an LR image of {width}x{height}"
        if wanted.shape != found.shape:
            made, due = (f"{sr.shape[3]}x{sr.shape[2]}" for sr in (found, wanted))
            raise ResoluteError(f"{what} the graph gives {made}, the network {due}: it does not serve all sizes")
        errors.append(float((found - wanted).abs().max() / (wanted.max() - wanted.min())))
        if not errors[-1] <= TOLERANCE:  # nor where it is no number
            raise ResoluteError(f"{what} the graph is {errors[-1]:.1g} of the range off, over {TOLERANCE:g}")
        decibels.append(psnr(found.numpy() * PEAK, wanted.numpy() * PEAK))
        sizes.append(f"{width}x{height}")
    return Parity(max(errors), min(decibels), tuple(sizes))

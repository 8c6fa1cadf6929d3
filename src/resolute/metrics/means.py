"""Means over images of what was measured by protocols."""

import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

Measured = Mapping[str, Mapping[str, float]]
"""What was measured of an image: by protocol, by metric."""


def means(images: Sequence[Measured]) -> dict[str, dict[str, float | int | None]]:
    """The mean of every metric, by protocol, and how many images equal their originals (`equal_images`).

    These have no finite PSNR and no part in its mean; see `resolute.metrics.protocols`.

    Args:
        images: at least one; all measured by the protocols of the first.
    """
    found: dict[str, dict[str, float | int | None]] = {}
    for protocol, metrics in images[0].items():
        values = {metric: [image[protocol][metric] for image in images] for metric in metrics}
        equal = sum(not math.isfinite(value) for value in values["psnr"])
        found[protocol] = {**{metric: mean(column) for metric, column in values.items()}, "equal_images": equal}
    return found


def mean(values: Iterable[float]) -> float | None:
    """The mean of what is finite; None where nothing is."""
    finite = [value for value in values if math.isfinite(value)]
    return float(np.mean(finite)) if finite else None

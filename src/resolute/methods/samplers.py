"""Which patches a training step sees, by name.

A sampler is given the random generator of the step, all columns of the patch index by name (`difficulty`, `category`
and so on, one value per patch) and how many patches to draw; it returns their row numbers.
"""

from collections.abc import Mapping
from typing import Annotated

import numpy as np

from resolute.core.choices import Choices

Columns = Mapping[str, np.ndarray]


def uniform(generator: np.random.Generator, patches: Columns, count: int) -> np.ndarray:
    """Every patch alike."""
    return generator.integers(len(patches["image"]), size=count)


def hes(
    generator: np.random.Generator,
    patches: Columns,
    count: int,
    *,
    delta: Annotated[float, {"exclusiveMinimum": 0, "maximum": 1}] = 0.9,
) -> np.ndarray:
    """The class level of hierarchical equalization sampling (WBSR, NeurIPS 2024, section 4.1.1).

    A category k is drawn with a chance proportional to delta^-k, so that hard patches come more often, then
    a patch of it uniformly. The paper's Eq. 8 is not normalised and leaves delta open; 0.9 makes the hardest
    of ten categories 2.6 times as likely as the easiest.
    """
    category = patches["category"]
    present = np.unique(category)
    chance = delta ** -present.astype(float)
    drawn = generator.choice(present, size=count, p=chance / chance.sum())
    order = np.argsort(category, kind="stable")
    first = np.searchsorted(category[order], drawn, side="left")
    last = np.searchsorted(category[order], drawn, side="right")
    return order[generator.integers(first, last)]


SAMPLERS = Choices("sampler", {"uniform": uniform, "hes": hes})

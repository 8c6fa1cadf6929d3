"""Which patches a training step sees: by name, as a function of the random generator of that step."""

from collections.abc import Callable

import numpy as np

Sampler = Callable[[np.random.Generator, np.ndarray, int], np.ndarray]


def uniform(generator: np.random.Generator, category: np.ndarray, count: int) -> np.ndarray:
    """Every patch alike."""
    return generator.integers(len(category), size=count)


def hes(generator: np.random.Generator, category: np.ndarray, count: int, delta: float = 0.9) -> np.ndarray:
    """The class level of hierarchical equalization sampling (WBSR, NeurIPS 2024, section 4.1.1).

    A category k is drawn with a chance proportional to delta^-k, so that hard patches come more often, then
    a patch of it uniformly. The paper's Eq. 8 is not normalised and leaves delta open; 0.9 makes the hardest
    of ten categories 2.6 times as likely as the easiest.
    """
    present = np.unique(category)
    chance = delta ** -present.astype(float)
    drawn = generator.choice(present, size=count, p=chance / chance.sum())
    order = np.argsort(category, kind="stable")
    first = np.searchsorted(category[order], drawn, side="left")
    last = np.searchsorted(category[order], drawn, side="right")
    return order[generator.integers(first, last)]


# Each sampler is given the HES category (1..K) of every patch and returns `count` row numbers.
SAMPLERS: dict[str, Sampler] = {"uniform": uniform, "hes": hes}

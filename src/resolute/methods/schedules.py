"""Schedules of the learning rate by name.

Each maps a rate, a step of the phase counted from 0, and the steps of the phase and of its warm-up, to the rate of that
step; steps of the warm-up are not asked for.
"""

import math
from typing import Annotated

from resolute.core.choices import Choices

Steps = Annotated[int, {"minimum": 1, "maximum": 10**9}]
Share = Annotated[float, {"minimum": 0, "maximum": 1}]


def constant(rate: float, step: int, iterations: int, warmup: int) -> float:
    """The same rate to the end."""
    return rate


def cosine(
    rate: float,
    step: int,
    iterations: int,
    warmup: int,
    *,
    final: Annotated[float, {"minimum": 0, "maximum": 10**9}] = 1e-6,
    part: Annotated[tuple[Share, ...], {"minItems": 2, "maxItems": 2}] = (0.0, 1.0),
) -> float:
    """Half a cosine from the end of the warm-up down to `final` (Loshchilov and Hutter, ICLR 2017; no restarts).

    `part` is the stretch of it that the phase goes through, in shares of its length: phases of (0, 0.7) and
    (0.7, 1) go down one curve, as a training does that changes nothing but its sampler on the way.
    """
    begin, end = part
    done = begin + (end - begin) * (step - warmup) / max(1, iterations - warmup)
    return final + (rate - final) * (1 + math.cos(math.pi * done)) / 2


def halve(
    rate: float, step: int, iterations: int, warmup: int, *, every: Steps = 200_000, at: tuple[Steps, ...] = ()
) -> float:
    """Halved every so many steps, or at the steps `at` where these are not evenly spaced."""
    halvings = sum(step >= one for one in at) if at else step // every
    return rate * 0.5**halvings


SCHEDULES = Choices("schedule", {"constant": constant, "cosine": cosine, "halve": halve})

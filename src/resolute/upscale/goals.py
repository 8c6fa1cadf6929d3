"""How large a picture becomes: by a scale, to an exact size, or as large as fits into a box."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from resolute.core import layout
from resolute.core.errors import ResoluteError, UsageError
from resolute.registry import Entry

Size = tuple[int, int]
"""Height and width, in pixels."""


@dataclass(frozen=True)
class Goal:
    """What a picture becomes.

    Attributes:
        scale: at which the method enlarges it; 1 where it is only reduced.
        size: of the result. Where the scale makes a larger one, that is reduced bicubically.
    """

    scale: float
    size: Size

    def is_reduced(self, size: Size) -> bool:
        """Whether a picture of a size becomes larger than the goal by the scale."""
        return scaled(size, self.scale) != self.size


SetGoal = Callable[[Size], Goal]


def by_scale(scale: float, entry: Entry) -> SetGoal:
    """Every picture by the same scale.

    Raises:
        ResoluteError: the method does not have it.
    """
    entry.check_scale(scale)
    return lambda size: Goal(scale, scaled(size, scale))


def by_size(width: int, height: int) -> SetGoal:
    """Exactly to a size, by the scale that makes it when sides are rounded; a whole one if any is.

    Raises:
        UsageError: from what it gives: there is no such scale.
    """
    return partial(_exactly, (height, width))


def _exactly(goal: Size, lr: Size) -> Goal:
    axes = list(zip(goal, lr, strict=True))
    low = max((side - 0.5) / short for side, short in axes)
    high = min((side + 0.5) / short for side, short in axes)
    whole = math.ceil(low)
    scale = float(whole if whole <= high else (low + high) / 2)
    height, width = goal
    if scaled(lr, scale) != goal:
        fitting = f"{width}x{round(lr[0] * width / lr[1])}"
        raise UsageError(f"{lr[1]}x{lr[0]} pixels become {width}x{height} at no scale: give {fitting}, or --fit")
    if not 1 < scale <= layout.LARGEST_SCALE:
        possible = f"give a size above x1, up to x{layout.LARGEST_SCALE}"
        raise UsageError(f"{width}x{height} is x{scale:.3g} of {lr[1]}x{lr[0]} pixels: {possible}")
    return Goal(scale, goal)


def by_fit(width: int, height: int, entry: Entry) -> SetGoal:
    """As large as fits into a box: by the least scale of the method that is enough, then reduced to the box.

    A picture that is larger than the box is reduced alone.

    Raises:
        ResoluteError: from what it gives: the method has no scale that is large enough.
    """

    def fit(lr: Size) -> Goal:
        factor = min(height / lr[0], width / lr[1])
        size = max(1, round(lr[0] * factor)), max(1, round(lr[1] * factor))
        if factor <= 1:
            return Goal(1, size)
        if not entry.scales and factor <= layout.LARGEST_SCALE:
            return Goal(factor, size)
        enough = [scale for scale in sorted(entry.scales) if scale >= factor]
        if not enough:
            most = f"{entry.name} goes up to x{max(entry.scales, default=layout.LARGEST_SCALE):g}"
            box = f"{width}x{height} is x{factor:.3g} of {lr[1]}x{lr[0]} pixels"
            raise ResoluteError(f"{box}, and {most}: give a smaller box, or a method of any scale")
        return Goal(enough[0], size)

    return fit


def scaled(size: Size, scale: float) -> Size:
    """What a size becomes by a scale."""
    return round(size[0] * scale), round(size[1] * scale)

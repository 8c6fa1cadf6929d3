"""Quality against cost as an inline SVG: every network a dot, and the line of those that no cheaper one beats."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from resolute.measurements.tradeoff import Result, corners, pareto_front

WIDTH, HEIGHT = 640, 360
LEFT, RIGHT, TOP, BOTTOM = 56, 16, 16, 48
LETTER, LINE = 6.6, 14  # a letter's width and a name's height, in the units of the drawing
LONGEST = 26  # letters of a name


@dataclass(frozen=True)
class Dot:
    """A network in the drawing; `name` is empty where it found no room, and is written to the left of x if `before`."""

    method: str
    title: str
    x: float
    y: float
    on_front: bool
    name: str
    before: bool


@dataclass(frozen=True)
class Chart:
    """A drawing: dots, the front as the points of a line, and the places of ticks with their words."""

    dots: tuple[Dot, ...]
    front: str
    across: tuple[tuple[float, str], ...]
    up: tuple[tuple[float, str], ...]


def chart(found: Sequence[Result]) -> Chart:
    """The drawing of some results, one or more; MACs in G on a logarithmic axis, PSNR in dB."""
    costs, psnrs = [one.cost for one in found], [one.psnr for one in found]
    low, high = math.log10(min(costs)) - 0.08, math.log10(max(costs)) + 0.08
    margin = max(0.08 * (max(psnrs) - min(psnrs)), 0.02)
    bottom, top = min(psnrs) - margin, max(psnrs) + margin

    def x(cost: float) -> float:
        return round(LEFT + (math.log10(cost) - low) / (high - low) * (WIDTH - LEFT - RIGHT), 1)

    def y(psnr: float) -> float:
        return round(HEIGHT - BOTTOM - (psnr - bottom) / (top - bottom) * (HEIGHT - TOP - BOTTOM), 1)

    front = pareto_front(found)
    rest = sorted((one for one in found if one not in front), key=lambda one: -one.psnr)
    places = [(x(one.cost), y(one.psnr)) for one in (*front, *rest)]
    names = _names([one.name for one in (*front, *rest)], places)
    dots = tuple(
        Dot(one.run[0], _title(one), *place, one in front, *name)
        for one, place, name in zip((*front, *rest), places, names, strict=True)
    )
    line = " ".join(f"{x(cost)},{y(psnr)}" for cost, psnr in corners(front))
    across = tuple((x(cost), f"{cost:g}") for cost in _decades(10**low, 10**high))
    return Chart(dots, line, across, tuple((y(psnr), text) for psnr, text in _steps(bottom, top)))


def _title(one: Result) -> str:
    return f"{one.name}: {one.psnr:.2f} dB at {one.cost:.4g} G"


def _names(names: Sequence[str], places: Sequence[tuple[float, float]]) -> list[tuple[str, bool]]:
    """The names that find room above their dots, the first ones first, and whether they stand before these."""
    taken = [(x - 4, y - 4, x + 4, y + 4) for x, y in places]
    found = []
    for name, (x, y) in zip(names, places, strict=True):
        short = name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…"
        width = len(short) * LETTER
        for before, left in ((False, x + 6), (True, x - 6 - width)):
            box = left, y - 4 - LINE, left + width, y - 4
            if left >= LEFT and box[2] <= WIDTH - 2 and not any(_meet(box, other) for other in taken):
                taken.append(box)
                found.append((short, before))
                break
        else:
            found.append(("", False))
    return found


def _meet(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _decades(low: float, high: float) -> list[float]:
    """1, 2 and 5 of every decade between; finer steps where there are fewer than two."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    coarse = [digit * 10.0**power for power in powers for digit in (1, 2, 5)]
    found = [value for value in coarse if low <= value <= high]
    return found if len(found) > 1 else [value for value, _ in _steps(low, high)]


def _steps(low: float, high: float) -> list[tuple[float, str]]:
    """Some four to eight round values between, with as many digits as tell them apart."""
    decade = 10.0 ** math.floor(math.log10(high - low))
    step = next(part * decade for part in (0.1, 0.2, 0.5, 1, 2) if (high - low) / (part * decade) <= 8)
    digits = max(0, -math.floor(math.log10(step) + 1e-9))
    first, last = math.ceil(low / step), math.floor(high / step)
    return [(round(number * step, 10), f"{number * step:.{digits}f}") for number in range(first, last + 1)]

"""Names beside the points of a scatter plot, none over another."""

from collections.abc import Sequence
from itertools import pairwise, product
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.transforms import Bbox

from resolute.figures.style import INK, MUTED

SIZE = 8.5
MARKER = 4.5  # half the side of the square that a point covers, in points of 1/72 inch
DISTANCES = (7, 15, 22)  # from a point to its name
LEADER_FROM = 12  # a name farther away than this gets a line to its point


class Point(NamedTuple):
    """A point in data coordinates, and its name."""

    x: float
    y: float
    name: str


def place_labels(
    axes: Axes, points: Sequence[Point], dpi: float, steps: Sequence[tuple[float, float]] = ()
) -> list[Bbox]:
    """Write the names beside their points, the first ones first.

    A name takes the first free place around its point; one that finds none is left out, so that what is
    written can be read. Axis limits must be final.

    Args:
        axes: the plot.
        points: in data coordinates.
        dpi: of the figure.
        steps: corners of a line of horizontal and vertical strokes, in data coordinates, to keep clear of.

    Returns:
        The boxes of the names written, in pixels.
    """
    pixels = dpi / 72
    at = [axes.transData.transform((point.x, point.y)) for point in points]
    taken = [_box(centre, 2 * MARKER * pixels, 2 * MARKER * pixels) for centre in at]
    corners = [axes.transData.transform(corner) for corner in steps]
    taken += [Bbox([np.minimum(*ends) - pixels, np.maximum(*ends) + pixels]) for ends in pairwise(corners)]
    inside, placed = axes.get_window_extent(), []
    for point, centre in zip(points, at, strict=True):
        width, height = _size(axes, point.name)
        for distance, offset in _offsets(width / pixels, height / pixels):
            box = _box(centre + np.multiply(offset, pixels), width, height)
            if _inside(box, inside) and not any(box.overlaps(other) for other in taken):
                _write(axes, point, offset, leader=distance >= LEADER_FROM)
                taken.append(box)
                placed.append(box)
                break
    return placed


def _size(axes: Axes, name: str) -> tuple[float, float]:
    """Width and height of a name in pixels."""
    text = axes.text(0, 0, name, size=SIZE)
    extent = text.get_window_extent()
    text.remove()
    return extent.width, extent.height


def _offsets(width: float, height: float) -> list[tuple[float, tuple[float, float]]]:
    """Places around a point, near ones first, beside before above: distance, and the text's centre."""
    directions = [(1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, 1), (1, -1), (-1, -1)]
    return [
        (distance, (x * (distance + width / 2), y * (distance + height / 2)))
        for distance, (x, y) in product(DISTANCES, directions)
    ]


def _write(axes: Axes, point: Point, offset: tuple[float, float], leader: bool) -> None:
    line = {"arrowstyle": "-", "color": MUTED, "linewidth": 0.5, "shrinkA": 0, "shrinkB": MARKER}
    axes.annotate(
        point.name,
        (point.x, point.y),
        offset,
        textcoords="offset points",
        arrowprops=line if leader else None,
        size=SIZE,
        color=INK,
        ha="center",
        va="center",
    )


def _box(centre: np.ndarray, width: float, height: float) -> Bbox:
    return Bbox.from_bounds(centre[0] - width / 2, centre[1] - height / 2, width, height)


def _inside(box: Bbox, outer: Bbox) -> bool:
    return box.x0 >= outer.x0 and box.x1 <= outer.x1 and box.y0 >= outer.y0 and box.y1 <= outer.y1

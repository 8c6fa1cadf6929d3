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
    corners = [axes.transData.transform(corner) for corner in steps]
    strokes = [np.concatenate([np.minimum(*ends) - pixels, np.maximum(*ends) + pixels]) for ends in pairwise(corners)]
    taken = np.array([*(_box(centre, 2 * MARKER * pixels, 2 * MARKER * pixels) for centre in at), *strokes])
    inside, placed = np.array(axes.get_window_extent().extents), []
    sizes = _sizes(axes, [point.name for point in points])
    for point, centre, (width, height) in zip(points, at, sizes, strict=True):
        places = _offsets(width / pixels, height / pixels)
        boxes = np.array([_box(centre + np.multiply(offset, pixels), width, height) for _, offset in places])
        free = _inside(boxes, inside) & ~_meet(boxes, taken)
        if free.any():
            first = int(free.argmax())
            distance, offset = places[first]
            _write(axes, point, offset, leader=distance >= LEADER_FROM)
            taken = np.vstack([taken, boxes[first]])
            placed.append(Bbox.from_extents(*boxes[first]))
    return placed


def _sizes(axes: Axes, names: Sequence[str]) -> list[tuple[float, float]]:
    """Width and height of names in pixels."""
    text, sizes = axes.text(0, 0, "", size=SIZE), []
    for name in names:
        text.set_text(name)
        extent = text.get_window_extent()
        sizes.append((extent.width, extent.height))
    text.remove()
    return sizes


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


def _box(centre: np.ndarray, width: float, height: float) -> np.ndarray:
    """Left, bottom, right and top."""
    left, bottom = centre[0] - width / 2, centre[1] - height / 2
    return np.array([left, bottom, left + width, bottom + height])


def _inside(boxes: np.ndarray, outer: np.ndarray) -> np.ndarray:
    """Which of some boxes, a row each, lie in another."""
    left, bottom, right, top = boxes.T
    inner: np.ndarray = (left >= outer[0]) & (bottom >= outer[1]) & (right <= outer[2]) & (top <= outer[3])
    return inner


def _meet(boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Which of some boxes have anything in common with any of the others."""
    (left, bottom, right, top), (west, south, east, north) = boxes.T[..., None], others.T[:, None]
    meets: np.ndarray = (left <= east) & (west <= right) & (bottom <= north) & (south <= top)
    return np.asarray(np.any(meets, axis=1))

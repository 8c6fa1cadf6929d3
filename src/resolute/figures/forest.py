"""Trees drawn over years: each root above its descendants, a row for every branch."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes

from resolute.figures.style import INK, MUTED

ROW_HEIGHT = 0.46  # inches
STEP = 0.3  # of a year's column, from a parent to its child of the same year
NAME, NOTE = 8.5, 7.5  # sizes of type


@dataclass(frozen=True, eq=False)
class Node:
    """A point of the figure: its column, its name, and how it hangs on its parent, if it has one."""

    year: int
    name: str
    note: str = ""
    parent: "Node | None" = None
    colour: str = ""
    is_arrow: bool = True


def draw_forest(axes: Axes, nodes: Sequence[Node]) -> int:
    """Draw trees; each node comes after its parent. Returns how many rows they take."""
    places = _places(nodes)
    years = sorted({node.year for node in nodes})
    rows = max((row for _, row in places.values()), default=0) + 1
    axes.set_xticks(range(len(years)), [str(year) for year in years])
    axes.set(yticks=[], xlim=(-0.1, max(1, len(years)) - 0.1), ylim=(rows - 0.4, -0.6))
    axes.xaxis.tick_top()
    axes.spines[["left", "bottom"]].set_visible(False)
    axes.grid(axis="y", visible=False)
    for node in nodes:
        _draw(axes, node, places)
    if not nodes:
        axes.text(0.5, 0.5, "none has kernels of another", transform=axes.transAxes, color=MUTED, ha="center")
    return rows


def _places(nodes: Sequence[Node]) -> dict[Node, tuple[float, int]]:
    """Column and row of each node. The first child of a later year stays on its parent's row."""
    years = sorted({node.year for node in nodes})
    children: dict[Node | None, list[Node]] = defaultdict(list)
    for node in nodes:
        children[node.parent].append(node)
    places: dict[Node, tuple[float, int]] = {}

    def place(node: Node, column: float, row: int) -> int:
        """Place a node with all that comes from it; the first row that is free then."""
        places[node] = column, row
        later = [child for child in children[node] if child.year > node.year]
        free = place(later[0], years.index(later[0].year), row) if later else row + 1
        for child in children[node]:
            if child not in later[:1]:
                free = place(child, column + STEP if child.year == node.year else years.index(child.year), free)
        return free

    free = 0
    for root in children[None]:
        free = place(root, years.index(root.year), free)
    return places


def _draw(axes: Axes, node: Node, places: dict[Node, tuple[float, int]]) -> None:
    """A node's point, its name above, its note below, and the line from its parent: down first, then to the right."""
    column, row = places[node]
    axes.plot(column, row, marker="o", markersize=5, color=INK, zorder=3)
    for text, size, colour, offset, side in (
        (node.name, NAME, INK, (-2, 4), "bottom"),
        (node.note, NOTE, MUTED, (4, -4), "top"),  # beside a line that leads down
    ):
        axes.annotate(
            text, (column, row), offset, textcoords="offset points", size=size, color=colour, va=side, zorder=4
        )
    if node.parent is None:
        return
    start, above = places[node.parent]
    dashes = "-" if node.is_arrow else ":"
    axes.plot([start, start], [above, row], color=node.colour, linestyle=dashes, linewidth=1.4, zorder=2)
    arrow = {
        "arrowstyle": "-|>" if node.is_arrow else "-",
        "color": node.colour,
        "linestyle": dashes,
        "linewidth": 1.4,
        "shrinkA": 0,
        "shrinkB": 3.5,
    }
    axes.annotate("", (column, row), (start, row), arrowprops=arrow, zorder=2)

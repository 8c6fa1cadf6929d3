"""What the page of a network tells: its paper, its weights, its cells in every table, its known errors."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from resolute import registry
from resolute.measurements import titles
from resolute.pages.cost import CostRow
from resolute.pages.errata import KnownErrors
from resolute.publish.board import Board
from resolute.publish.material import Figure, Material, Weights, about_weights
from resolute.publish.tradeoff import Chart
from resolute.published import Spec, Verdict
from resolute.published.results import Result

MOST = 150  # dots in the charts of a network's page: with all of a thousand networks the pages would be a gigabyte


@dataclass(frozen=True)
class Cell:
    """A number that a table prints of the network; `row` is what its row is called where the table has several."""

    column: str
    unit: str
    row: str
    result: Result
    figure: Figure


@dataclass(frozen=True)
class Network:
    """A network's page; `charts` are where it stands among others, by the titles of data sets."""

    entry: registry.Entry
    costs: tuple[CostRow, ...]
    weights: tuple[Weights, ...]
    tables: tuple[tuple[Spec, tuple[Cell, ...]], ...]
    errata: tuple[KnownErrors, ...]
    charts: tuple[tuple[Board, Chart], ...]
    boards: tuple[Board, ...]
    counts: Mapping[str, int]

    @property
    def page(self) -> str:
        return page(self.entry.name)

    @property
    def citation(self) -> str:
        """`Zamfir et al. See More Details: ... ICML, 2024.`"""
        paper = self.entry.paper
        venue = ", ".join(str(paper[name]) for name in ("venue", "year") if name in paper)
        parts = [paper.get("authors", "").rstrip("."), paper["title"].rstrip("."), venue]
        return " ".join(f"{part}." for part in parts if part)

    @property
    def cost(self) -> CostRow | None:
        """At the scale with the most to compare, x4, or else the first."""
        return next((cost for cost in self.costs if cost.scale == 4), next(iter(self.costs), None))

    @property
    def commands(self) -> list[str]:
        """How it is run."""
        name, scales = self.entry.name, self.entry.scales
        scale = 4.0 if not scales or 4 in scales else scales[-1]
        at = "" if scale == 4 else f" --scale {scale:g}"
        if not self.entry.published:
            get = f"resolute train {name}{at}                # or: resolute import FILE --method {name}"
            return [get, f"resolute upscale photo.png large.png --method {name}{at} --weights WEIGHTS"]
        lines = [f"resolute upscale photo.png large.png --method {name}{at}"]
        lines.append(f"resolute evaluate {name} --weights published --dataset set5 --scale {scale:g}")
        return [*lines, f"resolute profile {name}{at}"] if self.entry.model else lines


def page(method: str) -> str:
    """The name of a network's page."""
    return f"network-{method}.html"


def networks(material: Material, boards: Sequence[Board], errata: Sequence[KnownErrors]) -> list[Network]:
    """One for every method of the registry that is printed, measured or counted."""
    cells: dict[str, list[Result]] = defaultdict(list)
    for result in material.cells:
        cells[result["method"]].append(result)
    costs: dict[str, list[CostRow]] = defaultdict(list)
    for (method, _), cost in sorted(material.costs.items()):
        costs[method].append(cost)
    shown: dict[str, list[Board]] = defaultdict(list)
    for board in boards:
        for method in {row.method for rows in board.protocols.values() for row in rows}:
            shown[method].append(board)
    known: dict[str, list[KnownErrors]] = defaultdict(list)
    for one in errata:
        known[one.method].append(one)
    return [_network(material, name, cells[name], costs[name], shown[name], known[name]) for name in material.methods]


def _network(
    material: Material,
    name: str,
    cells: Sequence[Result],
    costs: Sequence[CostRow],
    shown: Sequence[Board],
    errata: Sequence[KnownErrors],
) -> Network:
    entry = registry.entry(name)
    counts = Counter(result["verdict"] for result in cells)
    return Network(
        entry=entry,
        costs=tuple(costs),
        weights=tuple(_weights(material, entry)),
        tables=tuple(_tables(material, cells)),
        errata=tuple(errata),
        charts=tuple((board, chart) for board in shown if (chart := at_its_place(board, name))),
        boards=tuple(shown),
        counts={verdict.value: counts[verdict] for verdict in Verdict},
    )


def at_its_place(board: Board, name: str) -> Chart | None:
    """The board's chart with this network's name alone in it; None where it is not in it.

    Of many networks, those on the front and those nearest in cost are in it.
    """
    dots = board.chart.dots if board.chart else ()
    own, others = [dot for dot in dots if dot.method == name], [dot for dot in dots if dot.method != name]
    if board.chart is None or not own:
        return None
    if len(others) > MOST:
        others = sorted(others, key=lambda dot: (not dot.on_front, abs(dot.x - own[0].x)))[:MOST]
    return replace(board.chart, dots=(*others, *own))


def _weights(material: Material, entry: registry.Entry) -> list[Weights]:
    """The published ones, then those that this run measured beside them."""
    scale = entry.scales[0] if entry.scales else 4.0
    published = [about_weights(entry.name, f"published-{tag}", scale) for tag in entry.published]
    others = {
        record["weights"]: about_weights(entry.name, record["weights"], scale, record["seeds"], record["training_data"])
        for record in material.unpublished.get(entry.name, ())
    }
    return [*published, *others.values()]


def _tables(material: Material, cells: Sequence[Result]) -> list[tuple[Spec, tuple[Cell, ...]]]:
    found: dict[tuple[str, str], list[Cell]] = defaultdict(list)
    rows: dict[tuple[str, str], set[str]] = defaultdict(set)
    for result in cells:
        rows[result["paper"], result["table"]].add(result["row"])
    for result in cells:
        name = result["paper"], result["table"]
        column = next(column for column in material.spec(result).columns if column.key == result["column"])
        row = material.labels(result) if len(rows[name]) > 1 else ""
        found[name].append(Cell(column.header, result["unit"], row, result, material.figure(result)))
    return [(material.specs[name], tuple(of_table)) for name, of_table in found.items()]


def label(cell: Cell) -> str:
    """Data set and scale of a cell, as far as it has them."""
    result = cell.result
    scale = "" if result["scale"] is None else f"x{result['scale']:g}"
    return " ".join(filter(None, (result["dataset"] and titles.dataset_title(result["dataset"]), scale)))

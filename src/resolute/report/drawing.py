"""The graph of the stages as inline SVG, in the page's colours."""

from collections import defaultdict
from collections.abc import Iterable
from itertools import pairwise

from markupsafe import Markup, escape

from resolute.pages.words import counted, duration
from resolute.report.stages import Graph

WIDTH, HEIGHT = 162, 48  # of a stage
ACROSS, DOWN = 202, 68  # from one to the next
PASSAGE = 24  # the height that a line takes which passes between stages
SWEEPS = 8  # that order the columns, forth and back; more change nothing in graphs of this size

Slot = tuple[str, int]
"""A place in a column: of a stage on its own level, or of a line from it that passes another level."""


def drawing(graph: Graph) -> Markup:
    """The stages from left to right, each after what it needs, with its jobs and their time.

    A line that skips levels has a slot of its own in every column between, so that none crosses a stage.
    """
    routes = [_route(graph, needed, needing) for needed, needing in graph.direct]
    stages = [(stage.name, graph.levels[stage.name]) for stage in graph.stages]
    columns = _ordered(stages, routes)
    heights = {slot: DOWN if slot in stages else PASSAGE for slots in columns for slot in slots}
    tallest = max(sum(heights[slot] for slot in slots) for slots in columns)
    at: dict[Slot, tuple[float, float]] = {}
    for level, slots in enumerate(columns):
        top = (tallest - sum(heights[slot] for slot in slots)) / 2
        for slot in slots:
            at[slot] = (level * ACROSS + 1.0, top + heights[slot] / 2)
            top += heights[slot]
    lines = [_line([at[slot] for slot in route]) for route in routes]
    boxes = [
        _box(*at[stage.name, graph.levels[stage.name]], stage.name, _words(stage.jobs, stage.seconds))
        for stage in graph.stages
    ]
    size = f"{(len(columns) - 1) * ACROSS + WIDTH + 2} {tallest}"
    label = "The stages of this run and what each needs"
    body = Markup("").join([*lines, *boxes])
    return Markup('<svg class="graph" role="img" aria-label="{}" viewBox="0 0 {}">{}</svg>').format(label, size, body)


def _route(graph: Graph, needed: str, needing: str) -> list[Slot]:
    """The slots that a line goes through: lines from one stage share theirs."""
    first, last = graph.levels[needed], graph.levels[needing]
    return [*((needed, level) for level in range(first, last)), (needing, last)]


def _ordered(stages: Iterable[Slot], routes: Iterable[list[Slot]]) -> list[list[Slot]]:
    """The slots of every column from top to bottom, each near the mean height of those it is joined to."""
    joined: dict[Slot, dict[Slot, None]] = defaultdict(dict)  # for its keys, which keep their order
    for route in routes:
        for before, after in pairwise(route):
            joined[before][after] = joined[after][before] = None
    slots = dict.fromkeys([*stages, *joined])
    columns = [[slot for slot in slots if slot[1] == level] for level in range(max(level for _, level in slots) + 1)]
    for sweep in range(SWEEPS):
        for column in columns if sweep % 2 == 0 else columns[::-1]:
            place = {slot: row - (len(other) - 1) / 2 for other in columns for row, slot in enumerate(other)}
            near = {slot: [place[other] for other in joined[slot]] or [place[slot]] for slot in column}
            column.sort(key=lambda slot: sum(near[slot]) / len(near[slot]))
    return columns


def _words(jobs: int, seconds: float) -> str:
    """The report itself is still being made while this is drawn, and has no jobs yet."""
    return f"{counted(jobs, 'job')}, {duration(seconds)}" if jobs else "this page"


def _box(x: float, y: float, name: str, words: str) -> Markup:
    return Markup(
        '<g transform="translate({:g} {:g})"><rect width="{}" height="{}" rx="6"/>'
        '<text x="12" y="20">{}</text><text class="note" x="12" y="37" data-varies="">{}</text></g>'
    ).format(x, y - HEIGHT / 2, WIDTH, HEIGHT, escape(name.replace("_", " ")), words)


def _line(points: list[tuple[float, float]]) -> Markup:
    """From the first slot's right side to the last one's left side, level through the slots between."""
    bend = (ACROSS - WIDTH) / 2
    path = ""
    for (x, y), (to_x, to_y) in pairwise(points):
        path += f"{'H' if path else 'M'}{x + WIDTH:g}{'' if path else f' {y:g}'}"
        path += f"C{x + WIDTH + bend:g} {y:g} {to_x - bend:g} {to_y:g} {to_x:g} {to_y:g}"
    return Markup('<path d="{}"/>').format(path)

"""The graph of the stages as inline SVG, in the page's colours."""

from collections import defaultdict

from markupsafe import Markup, escape

from resolute.report.stages import Graph
from resolute.report.words import duration

WIDTH, HEIGHT = 162, 48  # of a stage
ACROSS, DOWN = 202, 68  # from one to the next


def drawing(graph: Graph) -> Markup:
    """The stages from left to right, each after what it needs, with its jobs and their time."""
    columns: dict[int, list[str]] = defaultdict(list)
    # What follows from earlier stages stands above, so that long lines pass over the others.
    for stage in sorted(graph.stages, key=lambda stage: min((graph.levels[name] for name in stage.needs), default=0)):
        columns[graph.levels[stage.name]].append(stage.name)
    tallest = max(map(len, columns.values()))
    at = {
        name: (level * ACROSS + 1.0, (row + (tallest - len(names)) / 2) * DOWN + 1)
        for level, names in columns.items()
        for row, name in enumerate(names)
    }
    lines = [_line(at[needed], at[needing]) for needed, needing in graph.direct]
    boxes = [_box(*at[stage.name], stage.name, _words(stage.jobs, stage.seconds)) for stage in graph.stages]
    size = f"{(max(columns) * ACROSS) + WIDTH + 2} {tallest * DOWN - (DOWN - HEIGHT) + 2}"
    label = "The stages of this run and what each needs"
    body = Markup("").join([*lines, *boxes])
    return Markup('<svg class="graph" role="img" aria-label="{}" viewBox="0 0 {}">{}</svg>').format(label, size, body)


def _words(jobs: int, seconds: float) -> str:
    """The report itself is still being made while this is drawn, and has no jobs yet."""
    return f"{jobs} {'job' if jobs == 1 else 'jobs'}, {duration(seconds)}" if jobs else "this page"


def _box(x: float, y: float, name: str, words: str) -> Markup:
    return Markup(
        '<g transform="translate({:g} {:g})"><rect width="{}" height="{}" rx="6"/>'
        '<text x="12" y="20">{}</text><text class="note" x="12" y="37">{}</text></g>'
    ).format(x, y, WIDTH, HEIGHT, escape(name.replace("_", " ")), words)


def _line(start: tuple[float, float], end: tuple[float, float]) -> Markup:
    x, y = start[0] + WIDTH, start[1] + HEIGHT / 2
    to_x, to_y = end[0], end[1] + HEIGHT / 2
    bend = (to_x - x) / 2
    return Markup('<path d="M{:g} {:g}C{:g} {:g} {:g} {:g} {:g} {:g}"/>').format(
        x, y, x + bend, y, to_x - bend, to_y, to_x, to_y
    )

"""What the papers print and whether it holds: counts, and what does not hold and why."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from resolute.core import layout
from resolute.core.reading import reading
from resolute.measurements import titles
from resolute.published import JUDGED, Spec, Verdict, read_spec
from resolute.published.results import Result, value_here

FIGURES = {"published": "published figures", "official_outputs": "outputs of the official code"}
_NUMBER_OF_TABLE = re.compile(r", Tables? (?![^(]*\))")  # within parentheses it is of another paper, quoted there
UNMEASURED = (Verdict.CANNOT_BE_MEASURED, Verdict.NOT_RUN)


@dataclass(frozen=True)
class Disagreement:
    """A printed figure that was measured to be another; both with the unit, at digits that tell them apart."""

    network: str
    column: str
    paper: str
    here: str
    verdict: str
    reason: str


@dataclass(frozen=True)
class Published:
    """A table of a paper; `counts` by verdict, `kind` and `preset` as in its specification."""

    paper: str
    table: str
    kind: str
    preset: str
    title: str
    citation: str
    counts: Mapping[str, int]
    disagreements: tuple[Disagreement, ...]

    @property
    def source(self) -> str:
        """The paper, without the number of its table."""
        return _NUMBER_OF_TABLE.split(self.citation)[0]

    @property
    def is_measured(self) -> bool:
        """Whether this run has measured any of it."""
        return any(self.counts[verdict] for verdict in Verdict if verdict not in UNMEASURED)

    @property
    def judged(self) -> int:
        """How many figures this run could check."""
        return sum(self.counts[verdict] for verdict in JUDGED)

    @property
    def figures(self) -> str:
        """What its figures are."""
        return FIGURES[self.kind]


def published(fragments: Sequence[Path], results: Iterable[Result]) -> list[Published]:
    """The papers' tables, in the order of their fragments; those that have no cells, as rankings, are left out.

    Args:
        fragments: HTML files of the stage `tables`.
        results: the cells of all tables.
    """
    cells: dict[tuple[str, str], list[Result]] = defaultdict(list)
    for result in results:
        cells[result["paper"], result["table"]].append(result)
    names = [(path.parent.name, path.stem) for path in fragments]
    return [_published(paper, table, cells[paper, table]) for paper, table in names if (paper, table) in cells]


def _published(paper: str, table: str, cells: Sequence[Result]) -> Published:
    spec = read_spec(layout.published_tables() / paper / f"{table}.yaml")
    found = Counter(cell["verdict"] for cell in cells)
    with reading(layout.results_file()):
        disagreements = tuple(_disagreements(spec, cells))
    return Published(
        paper=paper,
        table=table,
        kind=spec.kind,
        preset=spec.preset,
        title=spec.title,
        citation=spec.source["citation"],
        counts={verdict.value: found[verdict] for verdict in Verdict},
        disagreements=disagreements,
    )


def _disagreements(spec: Spec, cells: Sequence[Result]) -> Iterator[Disagreement]:
    """Those without an explanation first; of single images of a network, the one that is furthest off."""
    headers = {column.key: column.header for column in spec.columns}
    labels = {row.key: row.labels for group in spec.groups for row in group.rows}
    for verdict in (Verdict.DIFFERS, Verdict.EXPLAINED):
        alike: dict[tuple[str, str], list[Result]] = defaultdict(list)
        for cell in [cell for cell in cells if cell["verdict"] == verdict]:
            alike[cell["method"] if cell["image"] else cell["row"], cell["column"]].append(cell)
        for those in alike.values():
            cell = max(those, key=lambda one: abs(value_here(one) - one["paper_value"]))
            printed, digits, here = cell["paper_value"], cell["digits"], value_here(cell)
            more = f"{printed:.{digits}f}" == f"{here:.{digits}f}"
            unit = f" {cell['unit']}" if cell["unit"] else ""
            yield Disagreement(
                network=_network(cell["method"], labels[cell["row"]]),
                column=headers[cell["column"]] + _of_image(cell["image"], len(those)),
                paper=f"{printed:.{digits}f}{unit}",
                here=f"{here:.{digits + more}f}{unit}",
                verdict=verdict.value,
                reason=cell["why"],
            )


def _of_image(image: str, images: int) -> str:
    """Which image a figure is of, and of how many that differ alike it is the furthest off."""
    return f" of {image}{f', the furthest off of {images} images,' if images > 1 else ''}" if image else ""


def _network(method: str, labels: Sequence[str]) -> str:
    """`BSRN (XPixel)`: the network, and what else the paper's row says before it but for its rank."""
    title = titles.method_title(method)
    others = [label for label in labels[:-1] if label not in ("", title) and not label.isdigit()]
    return title + (f" ({', '.join(others)})" if others else "")

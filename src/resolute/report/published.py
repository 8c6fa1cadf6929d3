"""What the papers print and whether it holds: counts, and what does not hold and why."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from resolute.core import layout
from resolute.core.reading import reading
from resolute.measurements import titles
from resolute.published import (
    JUDGED,
    Column,
    Erratum,
    Spec,
    Verdict,
    errata_files,
    ranking_files,
    read_errata,
    read_ranking,
    read_spec,
)
from resolute.published.results import Result, value_here

FIGURES = {"published": "published figures", "official_outputs": "outputs of the official code"}
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
        return self.citation.rpartition(", Table")[0] or self.citation

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
    """Those without an explanation first."""
    headers = {column.key: column.header for column in spec.columns}
    labels = {row.key: row.labels for group in spec.groups for row in group.rows}
    for verdict in (Verdict.DIFFERS, Verdict.EXPLAINED):
        for cell in [cell for cell in cells if cell["verdict"] == verdict]:
            printed, digits, here = cell["paper_value"], cell["digits"], value_here(cell)
            more = f"{printed:.{digits}f}" == f"{here:.{digits}f}"
            unit = f" {cell['unit']}" if cell["unit"] else ""
            yield Disagreement(
                network=_network(cell["method"], labels[cell["row"]]),
                column=headers[cell["column"]],
                paper=f"{printed:.{digits}f}{unit}",
                here=f"{here:.{digits + more}f}{unit}",
                verdict=verdict.value,
                reason=cell["why"],
            )


def _network(method: str, labels: Sequence[str]) -> str:
    """`BSRN (XPixel)`: the network, and what else the paper's row says before it but for its rank."""
    title = titles.method_title(method)
    others = [label for label in labels[:-1] if label not in ("", title) and not label.isdigit()]
    return title + (f" ({', '.join(others)})" if others else "")


@dataclass(frozen=True)
class Claim:
    """A figure that a paper's table prints, and the one found instead; `protocol` is what it was found by."""

    title: str
    header: str
    unit: str
    protocol: str
    claim: str
    finding: str


@dataclass(frozen=True)
class KnownErrors:
    """The figures of a method that do not hold for one reason, its evidence, and the commands that show it.

    A `kind` of `remark` is about figures that hold, or that no paper prints, but that mislead.
    """

    kind: str
    method: str
    evidence: str
    claims: tuple[Claim, ...]
    commands: tuple[str, ...]


def errata() -> list[KnownErrors]:
    """The papers' known errors, and remarks on figures that mislead."""
    found: dict[tuple[str, str, str], list[tuple[Claim, str]]] = defaultdict(list)
    described = cache(_described)
    for path in errata_files():
        with reading(path):
            for (table, row, column), known in read_errata(path).items():
                title, columns = described(path.with_name(f"{table}.yaml"))
                method, _, which = row.partition(" ")  # what follows is only there where a method has several rows
                where = f"{title}, {which}" if which and not which.endswith("=") else title
                claim = _claim(where, columns[column], known)
                found[known.kind, method, known.evidence].append((claim, known.command))
    return [
        KnownErrors(*about, tuple(claim for claim, _ in known), tuple(dict.fromkeys(shown for _, shown in known)))
        for about, known in found.items()
    ]


def _claim(title: str, column: Column, known: Erratum) -> Claim:
    protocol = column.measured_match.get("protocol", "")
    return Claim(title, column.header, column.unit, protocol, known.claim, known.finding)


def _described(path: Path) -> tuple[str, dict[str, Column]]:
    """The title of a table or ranking, and its columns by their keys."""
    if path in ranking_files():
        ranking = read_ranking(path)
        return ranking.spec.title, {column.key: column.figure for column in ranking.columns}
    spec = read_spec(path)
    return spec.title, {column.key: column for column in spec.columns}

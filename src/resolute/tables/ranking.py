"""A paper's ranking recomputed: the printed places beside those that follow from what was measured.

A network that is not measured, or was built to meet the printed counts, keeps its published figure, so that the field
stays complete.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from resolute import registry
from resolute.core import layout
from resolute.core.errors import ResoluteError
from resolute.published import RankColumn, RankingSpec, Spec, Tolerance
from resolute.tables.build import BuiltRow, Cell, build


@dataclass(frozen=True)
class Place:
    """Where a network stands: as printed (None where no place is) and recomputed (`rank`), by which figure, and whether
    that is measured.
    """

    printed: int | None
    rank: int
    figure: float
    measured: bool

    @property
    def shown(self) -> int:
        """The printed place, or the recomputed one where none is printed."""
        return self.rank if self.printed is None else self.printed

    @property
    def arrow(self) -> str:
        """Up for a better place than printed, down for a worse one, empty for the same."""
        if self.printed is None or self.rank == self.printed:
            return ""
        return "↑" if self.rank < self.printed else "↓"


@dataclass(frozen=True)
class RankedRow:
    method: str
    labels: tuple[str, ...]
    places: tuple[Place, ...]


@dataclass(frozen=True)
class Ranking:
    """`spec` carries title, caption, source and notes."""

    spec: Spec
    columns: tuple[RankColumn, ...]
    rows: tuple[RankedRow, ...]


def rank(
    asked: RankingSpec,
    published: pd.DataFrame,
    measured: pd.DataFrame,
    tolerances: Mapping[str, Tolerance],
    methods: Mapping[str, registry.Entry],
) -> Ranking:
    """The ranking from published and measured figures; arguments as for `build`.

    Raises:
        ResoluteError: a network of the group has no printed place or figure.
    """
    figures = [column for column in asked.columns if column.is_of_figures]
    printed_too = [column for column in asked.columns if column.printed]
    columns = (*(column.figure for column in figures), *(column.places for column in printed_too))
    spec = replace(asked.spec, columns=columns)
    ranked = published[published["method"].isin([row.method for row in spec.groups[0].rows])]
    circular = [name for name, entry in methods.items() if entry.reconstructed]
    rows = build(spec, ranked, measured[~measured["method"].isin(circular)], tolerances, methods).groups[0][1]
    places: dict[str, list[Place]] = {}
    for column in asked.columns:
        printed: list[int | None] = [None] * len(rows)
        if column.printed:
            at = len(figures) + printed_too.index(column)
            printed = [round(_printed(asked, row, row.cells[at].paper)) for row in rows]
        if column.sum:
            places[column.key] = _by_sum([places[key] for key in column.sum], printed)
        elif column.score:
            places[column.key] = _by_score({key: places[key] for key in column.score}, column, printed)
        else:
            cells = [row.cells[figures.index(column)] for row in rows]
            values = [_printed(asked, row, cell.paper) for row, cell in zip(rows, cells, strict=True)]
            places[column.key] = _by_figure(cells, values, printed, column.digits)
    ordered = tuple(
        RankedRow(row.spec.method, row.spec.labels, tuple(places[column.key][index] for column in asked.columns))
        for index, row in enumerate(rows)
    )
    return Ranking(asked.spec, asked.columns, ordered)


def _by_figure(
    cells: Sequence[Cell], paper: Sequence[float], printed: Sequence[int | None], digits: int
) -> list[Place]:
    figures = [value if cell.measured is None else cell.measured for cell, value in zip(cells, paper, strict=True)]
    return _placed(figures, [cell.measured is not None for cell in cells], printed, digits)


def _by_score(parts: Mapping[str, Sequence[Place]], column: RankColumn, printed: Sequence[int | None]) -> list[Place]:
    """By the sum of weight x exp(2 x figure / baseline) over some figures, the formula of the challenges since 2024."""
    terms = list(column.score.values())
    rows = list(zip(*parts.values(), strict=True))
    scores = [
        sum(one.weight * math.exp(2 * place.figure / one.baseline) for one, place in zip(terms, places, strict=True))
        for places in rows
    ]
    return _placed(scores, [any(place.measured for place in places) for places in rows], printed, column.digits)


def _placed(
    figures: Sequence[float], measured: Sequence[bool], printed: Sequence[int | None], digits: int
) -> list[Place]:
    """At the printed digits, at which alone published and measured figures compare; equals keep their order."""
    keys = [(round(figure, digits), place or 0) for figure, place in zip(figures, printed, strict=True)]
    return [
        Place(place, 1 + sum(other < key for other in keys), figure, is_measured)
        for key, place, figure, is_measured in zip(keys, printed, figures, measured, strict=True)
    ]


def _by_sum(parts: Sequence[Sequence[Place]], printed: Sequence[int | None]) -> list[Place]:
    """By the sum of places; equal sums share a place."""
    columns = list(zip(*parts, strict=True))
    sums = [sum(place.rank for place in places) for places in columns]
    return [
        Place(place, 1 + sum(other < one for other in sums), one, all(part.measured for part in places))
        for one, place, places in zip(sums, printed, columns, strict=True)
    ]


def _printed(asked: RankingSpec, row: BuiltRow, value: float | None) -> float:
    if value is None:
        where = layout.relative(asked.spec.path)
        raise ResoluteError(f"{where}: {row.spec.method} has no published figure or place to rank by")
    return value

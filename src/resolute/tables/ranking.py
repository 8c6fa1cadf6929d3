"""A paper's ranking recomputed: the printed places beside those that follow from what was measured.

A network that is not measured, or was built to meet the printed counts, keeps its published figure, so that the field
stays complete.
"""

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
    """Where a network stands: as printed and recomputed (`rank`), by which figure, and whether that is measured."""

    printed: int
    rank: int
    figure: float
    measured: bool

    @property
    def arrow(self) -> str:
        """Up for a better place than printed, down for a worse one, empty for the same."""
        return "" if self.rank == self.printed else "↑" if self.rank < self.printed else "↓"


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
    figures = [column for column in asked.columns if not column.sum]
    columns = (*(column.figure for column in figures), *(column.places for column in asked.columns))
    spec = replace(asked.spec, columns=columns)
    ranked = published[published["method"].isin([row.method for row in spec.groups[0].rows])]
    circular = [name for name, entry in methods.items() if entry.reconstructed]
    rows = build(spec, ranked, measured[~measured["method"].isin(circular)], tolerances, methods).groups[0][1]
    places: dict[str, list[Place]] = {}
    for index, column in enumerate(asked.columns):
        printed = [round(_printed(asked, row, row.cells[len(figures) + index].paper)) for row in rows]
        if column.sum:
            places[column.key] = _by_score([places[key] for key in column.sum], printed)
        else:
            cells = [row.cells[figures.index(column)] for row in rows]
            values = [_printed(asked, row, cell.paper) for row, cell in zip(rows, cells, strict=True)]
            places[column.key] = _by_figure(cells, values, printed, column.digits)
    ordered = tuple(
        RankedRow(row.spec.method, row.spec.labels, tuple(places[column.key][index] for column in asked.columns))
        for index, row in enumerate(rows)
    )
    return Ranking(asked.spec, asked.columns, ordered)


def _by_figure(cells: Sequence[Cell], paper: Sequence[float], printed: Sequence[int], digits: int) -> list[Place]:
    """At the printed digits, at which alone published and measured figures compare; equals keep their order."""
    figures = [value if cell.measured is None else cell.measured for cell, value in zip(cells, paper, strict=True)]
    keys = [(round(figure, digits), place) for figure, place in zip(figures, printed, strict=True)]
    return [
        Place(place, 1 + sum(other < key for other in keys), figure, cell.measured is not None)
        for key, place, figure, cell in zip(keys, printed, figures, cells, strict=True)
    ]


def _by_score(parts: Sequence[Sequence[Place]], printed: Sequence[int]) -> list[Place]:
    """By the sum of places; equal scores share a place."""
    columns = list(zip(*parts, strict=True))
    scores = [sum(place.rank for place in places) for places in columns]
    return [
        Place(place, 1 + sum(other < score for other in scores), score, all(one.measured for one in places))
        for score, place, places in zip(scores, printed, columns, strict=True)
    ]


def _printed(asked: RankingSpec, row: BuiltRow, value: float | None) -> float:
    if value is None:
        where = layout.relative(asked.spec.path)
        raise ResoluteError(f"{where}: {row.spec.method} has no published figure or place to rank by")
    return value

"""Guarding a reproduction: the verdicts that a paper is known to have, kept in git, and what no longer agrees.

`data/recorded/<paper>.csv` holds one line per judged cell (table, row, column, verdict). A cell that this
run does not measure neither holds nor fails: it is counted apart.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from resolute.core import atomic, layout
from resolute.core.errors import ResoluteError, nearest
from resolute.published import JUDGED, CellKey, Verdict
from resolute.published.checked_csv import read_rows
from resolute.tables.build import Table

COLUMNS = ["table", "row", "column", "verdict"]


@dataclass(frozen=True)
class Guarded:
    """What does not hold (one line each), and how many recorded cells this run does not measure."""

    problems: tuple[str, ...]
    unmeasured: int


def guard(tables: Sequence[Table], recorded: Mapping[CellKey, Verdict]) -> Guarded:
    """Hold the verdicts of a run against the recorded ones.

    It is a problem that a cell recorded as reproduced or explained is judged otherwise or is gone from its table,
    and that a cell differs without a record of it.

    Args:
        tables: the tables to check.
        recorded: what is known of their cells.
    """
    now = _verdicts(tables)
    problems, unmeasured = [], 0
    for place, before in recorded.items():
        current = now.get(place)
        if current is None:
            problems.append(f"{_name(place)}: recorded as {before}, but the tables have no such cell")
        elif current not in JUDGED:
            unmeasured += 1
        elif current is not before and before is not Verdict.DIFFERS:
            problems.append(f"{_name(place)}: recorded as {before}, now {current}")
    for place, current in now.items():
        if current is Verdict.DIFFERS and place not in recorded:
            problems.append(f"{_name(place)}: differs, which is not recorded")
    return Guarded(tuple(problems), unmeasured)


def read_recorded(paper: str) -> dict[CellKey, Verdict]:
    """The recorded verdicts of a paper; none where it has no record yet.

    Raises:
        ResoluteError: the file has other columns, a line with more or fewer fields, or a verdict that nothing is
            judged with.
    """
    path = layout.recorded_verdicts(paper)
    if not path.is_file():
        return {}
    recorded = {}
    for where, (table, row, column, verdict) in read_rows(path, COLUMNS):
        if verdict not in JUDGED:
            raise ResoluteError(f"{where}: unknown verdict '{verdict}': {nearest(verdict, JUDGED)}")
        recorded[table, row, column] = Verdict(verdict)
    return recorded


def record(paper: str, tables: Sequence[Table]) -> None:
    """Write down what the run judges; recorded cells that it does not measure stay as long as they exist."""
    now = _verdicts(tables)
    kept = read_recorded(paper)
    rebuilt = {table.spec.table for table in tables}
    recorded = {place: verdict for place, verdict in kept.items() if place in now or place[0] not in rebuilt}
    recorded |= {place: verdict for place, verdict in now.items() if verdict in JUDGED}
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([COLUMNS, *([*place, verdict] for place, verdict in sorted(recorded.items()))])
    atomic.write(layout.recorded_verdicts(paper), text.getvalue())


def _verdicts(tables: Sequence[Table]) -> dict[CellKey, Verdict]:
    """The verdict of every cell that has one."""
    return {
        (table.spec.table, entry.row.spec.key, entry.column.key): entry.cell.judgement.verdict
        for table in tables
        for entry in table.entries()
        if entry.cell.judgement
    }


def _name(place: CellKey) -> str:
    return ", ".join(place)

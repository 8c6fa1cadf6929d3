"""The papers' known errors, `data/published/<paper>/errata.csv`: facts with evidence."""

import re
from dataclasses import dataclass
from pathlib import Path

from resolute.core.errors import ResoluteError, nearest
from resolute.published.checked_csv import read_rows

COLUMNS = ["kind", "table", "row", "column", "claim", "finding", "evidence", "command"]
KINDS = ("error", "remark")

CellKey = tuple[str, str, str]
"""A cell by the names of its table, row and column."""


@dataclass(frozen=True)
class Erratum:
    """A known error of a paper: what it claims, what is found instead (as printed), how that is known and checked.

    A `remark` is about a figure that does hold, or that no paper prints, but that misleads; it explains no difference.
    """

    kind: str
    claim: str
    finding: str
    evidence: str
    command: str = ""


def read_errata(path: Path) -> dict[CellKey, Erratum]:
    """The known errors of a paper by the cells that they are about, in order; none where the file is absent.

    Raises:
        ResoluteError: the file has other columns, a line with more or fewer fields, an unknown kind, a claim or
            finding that is no number, or two lines about one cell.
    """
    if not path.is_file():
        return {}
    errata: dict[CellKey, Erratum] = {}
    for where, (kind, table, row, column, *facts) in read_rows(path, COLUMNS):
        if kind not in KINDS:
            raise ResoluteError(f"{where}: unknown kind '{kind}': {nearest(kind, KINDS)}")
        for name, value in zip(COLUMNS[4:6], facts, strict=False):
            if not re.fullmatch(r"-?\d+(\.\d+)?", value):
                raise ResoluteError(f"{where}: the {name} '{value}' is no number")
        if (table, row, column) in errata:
            raise ResoluteError(f"{where}: {table}, {row}, {column} has an erratum already")
        errata[table, row, column] = Erratum(kind, *facts)
    return errata

"""How the stages keep their lists of images: small CSV files, whole or not at all."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from resolute.core import atomic
from resolute.core.reading import reading


def write_table(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> None:
    """Write rows as CSV; the same rows give the same bytes."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    atomic.write(path, text.getvalue())


def read_table(path: Path, columns: Iterable[str] = (), repair: str = "") -> list[dict[str, str]]:
    """The rows of a CSV file; empty where there is no such file.

    Args:
        columns: those that the file must have, whatever else it has.
        repair: what mends a damaged file, for the message.

    Raises:
        ResoluteError: no whole table with these columns.
    """
    if not path.is_file():
        return []
    with reading(path, repair):
        text = path.read_bytes().decode()
        if not text.endswith("\n"):
            raise ValueError("its end is missing")
        table = csv.DictReader(io.StringIO(text, newline=""), strict=True)
        rows = list(table)
        for column in columns:
            if column not in (table.fieldnames or ()):
                raise ValueError(f"it has no column '{column}'")
        for row in rows:
            if None in row or None in row.values():
                raise ValueError(f"its line of '{next(iter(row.values()))}' has more or fewer values than its head")
        return rows

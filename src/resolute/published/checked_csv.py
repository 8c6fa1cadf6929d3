"""Reading the small CSV files that people write: recorded verdicts and known errors."""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

from resolute.core import layout
from resolute.core.errors import ResoluteError
from resolute.core.reading import reading


def read_rows(path: Path, columns: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    """The rows of a file below its header, each with the place to name in an error; blank lines are left out.

    Raises:
        ResoluteError: the file is damaged, its header is another, or a row has more or fewer fields.
    """
    name = layout.relative(path)
    with reading(path), path.open(newline="", encoding="utf-8") as file:
        reader = csv.reader(file)
        if next(reader, None) != columns:
            raise ResoluteError(f"{name}: its columns must be {', '.join(columns)}")
        for line in reader:
            where = f"{name}, line {reader.line_num}"
            if not any(field.strip() for field in line):
                continue
            if len(line) != len(columns):
                raise ResoluteError(f"{where}: {len(columns)} fields expected, {len(line)} found")
            yield where, line

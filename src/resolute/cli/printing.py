"""How commands print for people."""

from typing import Any


def print_table(rows: list[dict[str, Any]]) -> None:
    """Print rows as columns, every one as wide as its longest cell: people and scripts copy names from it."""
    lines = [list(rows[0])] if rows else []
    lines += [
        [", ".join(map(str, cell)) if isinstance(cell, list) else str(cell) for cell in row.values()] for row in rows
    ]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())

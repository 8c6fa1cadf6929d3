"""A paper's tables with their verdicts, as `resolute verdict` shows them."""

from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from resolute.published import JUDGED, Verdict
from resolute.tables import Guarded, Table, results

STYLES: dict[str, str] = {
    Verdict.REPRODUCED: "green",
    Verdict.EXPLAINED: "cyan",
    Verdict.DIFFERS: "bold red",
    Verdict.NOT_COMPARABLE: "yellow",
    Verdict.CANNOT_BE_MEASURED: "dim",
    Verdict.NOT_RUN: "dim",
}
UNSEEN = ("", Verdict.NOT_RUN, Verdict.CANNOT_BE_MEASURED)
TOLD = (Verdict.EXPLAINED, Verdict.DIFFERS, Verdict.NOT_COMPARABLE)

_NAMED = 4  # cells of one reason that are named


def as_json(tables: list[Table], guarded: Guarded) -> dict[str, Any]:
    """All of it as one JSON object."""
    return {
        "problems": guarded.problems,
        "recorded_not_measured": guarded.unmeasured,
        "counts": {table.spec.table: table.counts() for table in tables},
        "cells": list(results(tables)),
    }


def show(tables: list[Table], guarded: Guarded, recorded: int, show_all: bool, complete: bool) -> None:
    """Print the tables, the reasons, and whether what is recorded holds.

    Args:
        recorded: how many cells are.
        show_all: what the run does not measure, too, and single images that hold.
        complete: what is recorded and not measured fails.
    """
    console = Console(markup=False, highlight=False)
    for table in tables:
        headers = {column.key: column.header for column in table.spec.columns}
        unseen = (*UNSEEN, Verdict.REPRODUCED) if table.spec.images else UNSEEN
        shown = [cell for cell in results([table]) if show_all or cell["verdict"] not in unseen]
        console.print(table.spec.title, style="bold")
        if shown:
            _print_cells(console, shown, headers)
            _print_reasons(console, [cell for cell in shown if cell["verdict"] in TOLD], headers)
        console.print(f"{_counted(table)}\n", soft_wrap=True)
    for problem in guarded.problems:
        console.print(problem, style="bold red", soft_wrap=True)
    if guarded.problems:
        console.print(f"{len(guarded.problems)} of the verdicts do not hold", style="bold red")
    else:
        console.print(f"what is recorded holds: {recorded - guarded.unmeasured} cells, all that this run measures")
    if guarded.unmeasured:
        style = "bold red" if complete else ""
        console.print(f"{guarded.unmeasured} recorded cells are not measured in this run", style=style)


def _counted(table: Table) -> str:
    counts = table.counts()
    told = ", ".join(f"{count} {name}" for name, count in counts.items() if count)
    if table.spec.kind == "official_outputs":
        judged = sum(counts[name] for name in JUDGED)
        return f"{counts[Verdict.REPRODUCED]} of {judged} outputs of the official code are equal ({told})"
    return told or "shown as printed, nothing to judge"


def _print_cells(console: Console, cells: Iterable[Mapping[str, Any]], headers: Mapping[str, str]) -> None:
    grid = Grid(box=None, pad_edge=False, header_style="bold")
    for name in ("row", "column"):
        grid.add_column(name, overflow="fold")
    for name in ("paper", "measured", "trained here"):
        grid.add_column(name, justify="right", no_wrap=True)
    grid.add_column("verdict", no_wrap=True)
    for cell in cells:
        unit = f" ({cell['unit']})" if cell["unit"] else ""
        values = (_number(cell, name) for name in ("paper_value", "measured_value", "trained_value"))
        verdict = Text(cell["verdict"], style=STYLES.get(cell["verdict"], ""))
        grid.add_row(Text(cell["row"]), Text(f"{headers[cell['column']]}{unit}"), *values, verdict)
    console.print(grid)


def _print_reasons(console: Console, cells: Iterable[Mapping[str, Any]], headers: Mapping[str, str]) -> None:
    """Every reason once, behind the cells that it is of; behind their number where they are many."""
    reasons: dict[tuple[str, str], list[str]] = {}
    for cell in cells:
        reasons.setdefault((cell["verdict"], cell["why"]), []).append(f"{cell['row']} {headers[cell['column']]}")
    for (verdict, why), names in reasons.items():
        where = ", ".join(names) if len(names) <= _NAMED else f"{len(names)} cells"
        console.print(f"{verdict}: {where}: {why}", style=STYLES[verdict], soft_wrap=True)


def _number(cell: Mapping[str, Any], name: str) -> str:
    """A value at the printed digits; a mean over several seeds with its deviation."""
    if cell[name] is None:
        return ""
    shown = f"{cell[name]:.{cell['digits']}f}"
    spread = cell["trained_std"] if name == "trained_value" else None
    return shown if spread is None else f"{shown} ± {spread:.{cell['digits']}f}"

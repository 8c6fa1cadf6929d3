"""`resolute verdict`: a paper's tables in the terminal, and an exit status that guards the reproduction."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from resolute.cli.arguments import AsJson
from resolute.core import strict_json
from resolute.published import JUDGED, Verdict

if TYPE_CHECKING:
    from resolute.tables import Guarded, Table

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


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("verdict")(verdict)


def verdict(
    paper: Annotated[str, typer.Argument(metavar="PAPER", help="A paper, see `resolute list papers`.")],
    table: Annotated[str, typer.Option(help="One of its tables; all where not given.")] = "",
    as_json: AsJson = False,
    show_all: Annotated[bool, typer.Option("--all", help="Print what this run does not measure, too.")] = False,
    complete: Annotated[
        bool, typer.Option("--complete", help="Fail also where a recorded cell is not measured in this run.")
    ] = False,
    write: Annotated[
        bool, typer.Option("--record", help="Record this run's verdicts as what must hold from now on.")
    ] = False,
) -> None:
    """Show which of a paper's figures hold; exit with 1 where one no longer does, or newly differs."""
    from resolute import params
    from resolute.core.errors import UsageError
    from resolute.tables import guard, paper_tables, read_recorded, record

    tables = paper_tables(paper, params.measurements(params.load()), table)
    if write:
        record(paper, tables)
    recorded = {place: known for place, known in read_recorded(paper).items() if table in ("", place[0])}
    if complete and not recorded:
        raise UsageError(f"nothing is recorded of {table or paper}: `resolute verdict {paper} --record` does it")
    guarded = guard(tables, recorded)
    holds = not guarded.problems and not (complete and guarded.unmeasured)
    if as_json:
        print(strict_json.dumps({"paper": paper, "holds": holds, **_as_json(tables, guarded)}))
    else:
        _print(tables, guarded, len(recorded), show_all, complete)
    if not holds:
        raise typer.Exit(1)


def _as_json(tables: "list[Table]", guarded: "Guarded") -> dict[str, Any]:
    from resolute.tables import results

    return {
        "problems": guarded.problems,
        "recorded_not_measured": guarded.unmeasured,
        "counts": {table.spec.table: table.counts() for table in tables},
        "cells": list(results(tables)),
    }


def _print(tables: "list[Table]", guarded: "Guarded", recorded: int, show_all: bool, complete: bool) -> None:
    from rich.console import Console

    from resolute.tables import results

    console = Console(markup=False, highlight=False)
    for table in tables:
        headers = {column.key: column.header for column in table.spec.columns}
        shown = [cell for cell in results([table]) if show_all or cell["verdict"] not in UNSEEN]
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


def _counted(table: "Table") -> str:
    counts = table.counts()
    told = ", ".join(f"{count} {name}" for name, count in counts.items() if count)
    if table.spec.kind == "official_outputs":
        judged = sum(counts[name] for name in JUDGED)
        return f"{counts[Verdict.REPRODUCED]} of {judged} outputs of the official code are equal ({told})"
    return told or "shown as printed, nothing to judge"


def _print_cells(console: Any, cells: Iterable[Mapping[str, Any]], headers: Mapping[str, str]) -> None:
    from rich.table import Table
    from rich.text import Text

    grid = Table(box=None, pad_edge=False, header_style="bold")
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


def _print_reasons(console: Any, cells: Iterable[Mapping[str, Any]], headers: Mapping[str, str]) -> None:
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

"""A built table as CSV, Markdown, LaTeX and HTML.

Every output is escaped by its environment, not by its template: whatever a template prints is made harmless
for the format, so a name with markup in it stays a name.
"""

import csv
import io
import re
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from resolute.tables.build import BuiltRow, Cell, Table
from resolute.tables.spec import Column
from resolute.tables.verdict import Tolerance, Verdict

PARTS = ("measured", "trained", "difference", "verdict", "reason")

TEMPLATES = Path(__file__).parent / "templates"

# One letter each in LaTeX, where no symbol font can be taken for granted; one character each in Markdown.
LETTERS = dict(zip(Verdict, ("R", "E", "D", "N", "C", ""), strict=True))
MARKS = dict(zip(Verdict, ("✓", "ⓘ", "✗", "≁", "∅", ""), strict=True))

MINUS = "\N{MINUS SIGN}"

TEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    MINUS: r"\textminus{}",
    **{character: f"\\{character}" for character in "&%$#_{}"},
}


def render(table: Table, form: str) -> str:
    """The table in one of `FORMATS`. HTML is a fragment in plain ASCII, to be put into any page."""
    if form == "csv":
        return _csv(table)
    text = (
        _environment(form)
        .get_template(f"table.{form}.jinja")
        .render(
            table=table,
            label=re.sub(r"[^A-Za-z0-9]+", "-", f"{table.spec.paper}-{table.spec.table}"),
            spec=table.spec,
            columns=list(zip(table.spec.columns, table.tolerances, strict=True)),
            counts=table.counts(),
            letters=LETTERS,
            marks=MARKS,
        )
    )
    return text.encode("ascii", "xmlcharrefreplace").decode() if form == "html" else text


def number(value: float | None, digits: int) -> str:
    """A value with its digits after the point; empty where there is none."""
    return "" if value is None else f"{value:.{digits}f}".replace("-", MINUS)


def difference(cell: Cell, column: Column, tolerance: Tolerance | None) -> str:
    """Measured minus printed, signed; one digit more than printed where differences are what is judged.

    At the printed digits the two roundings are subtracted, so that what looks equal differs by nothing.
    """
    here = cell.trained if cell.measured is None else cell.measured
    if here is None or cell.paper is None:
        return ""
    digits = column.digits
    if tolerance and tolerance.within is not None:
        digits, value = digits + 1, here - cell.paper
    else:
        value = round(here, digits) - round(cell.paper, digits)
    shown = f"{value:+.{digits}f}"
    return shown.lstrip("+-") if float(shown) == 0 else shown.replace("-", MINUS)


def tex(value: object) -> str:
    """Text with LaTeX's own characters made harmless."""
    return "".join(TEX.get(character, character) for character in _line(value))


def markdown(value: object) -> str:
    """Text with the characters made harmless that mean something in a Markdown table."""
    text = _line(value).replace("&", "&amp;").replace("<", "&lt;")
    return re.sub(r"([\\`*_\[\]|~])", r"\\\1", text)


def _line(value: object) -> str:
    """On one line, with the space at its ends kept."""
    return re.sub(r"\s+", " ", str(value))


def _environment(form: str) -> Environment:
    escape = {"md": markdown, "tex": tex, "html": None}[form]
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=form == "html",
        finalize=escape,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["number"] = number
    environment.globals["difference"] = difference
    if form != "tex":
        return environment
    # TeX is full of braces, so its template speaks with angles.
    return environment.overlay(
        block_start_string="<%",
        block_end_string="%>",
        variable_start_string="<<",
        variable_end_string=">>",
        comment_start_string="<#",
        comment_end_string="#>",
    )


def _csv(table: Table) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    header = ["group", "method", *table.spec.labels, "status"]
    for column in table.spec.columns:
        header.append(f"{column.key}_paper")
        if not column.published_only:
            header += [f"{column.key}_{part}" for part in PARTS]
    writer.writerow(header)
    for title, rows in table.groups:
        for row in rows:
            writer.writerow([title, row.spec.method, *row.spec.labels, row.status, *_csv_cells(table, row)])
    return text.getvalue()


def _csv_cells(table: Table, row: BuiltRow) -> list[str]:
    """Printed values at the paper's digits, measured ones with four digits more."""
    values = []
    for column, cell in zip(table.spec.columns, row.cells, strict=True):
        values.append("" if cell.paper is None else f"{cell.paper:.{column.digits}f}")
        if not column.published_only:
            here = (cell.measured, cell.trained, cell.difference)
            values += ["" if value is None else f"{value:.{column.digits + 4}f}" for value in here]
            values += [cell.judgement.verdict.value, cell.judgement.reason] if cell.judgement else ["", ""]
    return values

"""A built table, ranking or test of claims as CSV, Markdown, LaTeX and HTML.

Every output is escaped by its environment, not by its template: whatever a template prints is made harmless
for the format, so a name with markup in it stays a name.
"""

import csv
import io
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from resolute import measurements
from resolute.measurements import titles
from resolute.published import Column, Side, Tolerance, Verdict, shown
from resolute.published.shown import number
from resolute.tables.build import BuiltRow, Cell, Table
from resolute.tables.claims import Claims
from resolute.tables.escape import MINUS, csv_text, markdown, tex
from resolute.tables.images import together
from resolute.tables.ranking import Place, RankedRow, Ranking

PARTS = ("measured", "trained", "trained_std", "difference", "verdict", "reason")

TEMPLATES = Path(__file__).parent / "templates"

# One letter each in LaTeX, where no symbol font can be taken for granted; one character each in Markdown.
LETTERS = dict(zip(Verdict, ("R", "E", "D", "N", "C", ""), strict=True))
MARKS = dict(zip(Verdict, ("✓", "ⓘ", "✗", "≁", "∅", ""), strict=True))


def render(table: Table, form: str) -> str:
    """The table in one of `layout.TABLE_FORMATS`. HTML is a fragment in plain ASCII, to be put into any page."""
    if form == "csv":
        return _csv(table)
    columns = list(zip(table.spec.columns, table.tolerances, strict=True))
    notes = [*table.spec.notes, *(f"{line}." for line in equal_images(table))]
    facts = {"table": table, "spec": table.spec, "notes": notes, "counts": table.counts(), "reasons": reasons(table)}
    if table.spec.images:
        ((column, tolerance),) = columns
        return _filled("images", form, **facts, column=column, tolerance=tolerance, groups=together(table))
    return _filled("table", form, **facts, columns=columns, letters=LETTERS, marks=MARKS)


def render_side_by_side(table: Table, form: str) -> str:
    """A table of measurements alone in one of `layout.TABLE_FORMATS`, as for `render`."""
    if form == "csv":
        return _side_by_side_csv(table)
    columns = list(zip(table.spec.columns, table.tolerances, strict=True))
    return _filled("side_by_side", form, table=table, spec=table.spec, columns=columns)


def render_ranking(ranking: Ranking, form: str) -> str:
    """The ranking in one of `layout.TABLE_FORMATS`, as for `render`."""
    if form == "csv":
        return _ranking_csv(ranking)
    return _filled("ranking", form, ranking=ranking, spec=ranking.spec)


def render_claims(claims: Claims, form: str) -> str:
    """The test of a paper's claims in one of `layout.TABLE_FORMATS`, as for `render`."""
    if form == "csv":
        return _claims_csv(claims)
    named = [(one, _compared(one.claim.of), _compared(one.claim.over)) for one in claims.tested]
    return _filled("claims", form, claims=claims, spec=claims.spec, named=named)


def trained(cell: Cell, column: Column) -> str:
    """The mean over the seeds trained here, and its standard deviation where there are several."""
    mean = number(cell.trained, column.digits)
    return mean if cell.spread is None else f"{mean} ± {number(cell.spread, column.digits)}"


def difference(cell: Cell, column: Column, tolerance: Tolerance | None) -> str:
    """Measured minus printed, signed, as `published.shown` has it."""
    return shown.difference(cell.here, cell.paper, column.digits, tolerance)


def reasons(table: Table) -> dict[tuple[Verdict, str], int]:
    """The distinct verdicts and reasons of a table, numbered from 1 in the order of its cells.

    What is reproduced has its reason in the column's footnote, what is not run in its row's status.
    """
    judged = [entry.cell.judgement for entry in table.entries() if entry.cell.judgement]
    told = [(one.verdict, one.reason) for one in judged if one.verdict not in (Verdict.REPRODUCED, Verdict.NOT_RUN)]
    return {reason: number for number, reason in enumerate(dict.fromkeys(told), start=1)}


def equal_images(table: Table) -> list[str]:
    """One line for every cell whose mean leaves out images that equal their originals."""
    return [
        f"{_named(entry.row)}, {entry.column.header}: {titles.equal_words(entry.cell.equal_images)}"
        for entry in table.entries()
        if entry.cell.equal_images
    ]


def _named(row: BuiltRow) -> str:
    return ", ".join(filter(None, row.spec.labels))


def footnote(column: Column, tolerance: Tolerance | None) -> str:
    """What stands behind a column: metric, data set, protocol, setting, and how it is judged."""
    parts = [column.basis]
    if tolerance is None:
        parts.append("as printed, not judged")
    else:
        unit = f" {column.unit}" if tolerance.within is not None and column.unit else ""
        parts.append(f"{tolerance}{unit}")
    if column.missing:
        parts.append(column.missing)
    return "; ".join(parts)


def _filled(template: str, form: str, **facts: Any) -> str:
    spec = facts["spec"]
    label = re.sub(r"[^A-Za-z0-9]+", "-", f"{spec.paper}-{spec.table}")
    text = _environment(form).get_template(f"{template}.{form}.jinja").render(label=label, **facts)
    return text.encode("ascii", "xmlcharrefreplace").decode() if form == "html" else text


@cache
def _environment(form: str) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=form == "html",
        finalize={"md": markdown, "tex": tex, "html": None}[form],
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(number=number, signed=signed)
    environment.globals.update(difference=difference, footnote=footnote, trained=trained)
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


def signed(value: float | None, digits: int) -> str:
    """A difference with its sign and its digits after the point; empty where there is none."""
    return "" if value is None else f"{value:+.{digits}f}".replace("-", MINUS)


def _compared(side: Side) -> str:
    among = f" ({', '.join(side.settings)})" if side.settings else ""
    return titles.method_title(side.method, f"at equal cost{among}" if side.is_curve else side.setting)


def _claims_csv(claims: Claims) -> str:
    header = ["claim", "where", "printed", "of", "over", "margin_db", "mean_db", "spread_db", "seeds"]
    rows = [
        [
            *map(csv_text, (one.claim.says, one.claim.where, one.claim.printed)),
            *map(csv_text, (_compared(one.claim.of), _compared(one.claim.over))),
            f"{one.claim.margin:g}",
            *("" if value is None else f"{value:.4f}" for value in (one.mean, one.spread)),
            str(len(one.differences)),
            *((f"{share:.4f}" for share in one.shares) if one.shares else ("", "")),
            one.outcome.value,
        ]
        for one in claims.tested
    ]
    return _csv_lines([*header, "of_share", "over_share", "outcome"], rows)


def _csv(table: Table) -> str:
    header = ["group", "method", *table.spec.labels, "status"]
    for column in table.spec.columns:
        header.append(f"{column.key}_paper")
        if not column.published_only:
            header += [f"{column.key}_{part}" for part in _parts(column)]
    groups = (*table.groups, ("yours", table.yours))
    rows = ([*_csv_names(title, row), *_csv_cells(table, row)] for title, rows in groups for row in rows)
    return _csv_lines(header, rows)


def _side_by_side_csv(table: Table) -> str:
    """Values with four digits more than are shown."""
    rows = [
        [
            *map(csv_text, (year, row.spec.method, *row.spec.labels)),
            *(
                "" if cell.measured is None else f"{cell.measured:.{column.digits + 4}f}"
                for column, cell in zip(table.spec.columns, row.cells, strict=True)
            ),
        ]
        for year, rows in table.groups
        for row in rows
    ]
    return _csv_lines(["year", "method", *table.spec.labels, *(column.key for column in table.spec.columns)], rows)


def _parts(column: Column) -> tuple[str, ...]:
    return (*PARTS, measurements.EQUAL) if _is_psnr(column) else PARTS


def _is_psnr(column: Column) -> bool:
    return bool(column.match.get("metric") == "psnr")


def _csv_names(title: str, row: BuiltRow) -> list[str]:
    return [csv_text(text) for text in (title, row.spec.method, *row.spec.labels, row.status)]


def _csv_cells(table: Table, row: BuiltRow) -> list[str]:
    """Printed values at the paper's digits, measured ones with four digits more."""
    values = []
    for column, cell in zip(table.spec.columns, row.cells, strict=True):
        values.append("" if cell.paper is None else f"{cell.paper:.{column.digits}f}")
        if not column.published_only:
            here = (cell.measured, cell.trained, cell.spread, cell.difference)
            values += ["" if value is None else f"{value:.{column.digits + 4}f}" for value in here]
            judged = cell.judgement
            values += [judged.verdict.value, csv_text(judged.reason)] if judged else ["", ""]
            values += [str(cell.equal_images)] if _is_psnr(column) else []
    return values


def _ranking_csv(ranking: Ranking) -> str:
    parts = ("printed", "rank", "figure", "measured")
    header = ["method", *ranking.spec.labels, *(f"{one.key}_{part}" for one in ranking.columns for part in parts)]
    return _csv_lines(header, (_ranking_csv_row(ranking, row) for row in ranking.rows))


def _ranking_csv_row(ranking: Ranking, row: RankedRow) -> list[str]:
    def values(place: Place, digits: int) -> list[str]:
        return [
            "" if place.printed is None else str(place.printed),
            str(place.rank),
            f"{place.figure:.{digits}f}",
            "yes" if place.measured else "no",
        ]

    names = [csv_text(text) for text in (row.method, *row.labels)]
    pairs = zip(ranking.columns, row.places, strict=True)
    return [*names, *(value for column, place in pairs for value in values(place, column.digits))]


def _csv_lines(header: list[str], rows: Iterable[list[str]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([csv_text(name) for name in header])
    writer.writerows(rows)
    return text.getvalue()

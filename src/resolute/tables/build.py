"""Building a table: published figures joined with what was measured here, cell by cell."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean, stdev

import pandas as pd

from resolute import datasets, measurements, registry
from resolute.core import layout
from resolute.core.errors import ResoluteError, nearest
from resolute.measurements import Record
from resolute.published import Column, Judgement, Match, Row, Spec, Tolerance, Verdict, judge

# How many of the unit's own quantity one of it is; a measured value is divided by the printed unit's factor.
FACTORS = {
    "": 1,
    "1": 1,
    "dB": 1,
    "ms": 1,
    "B": 1,
    "MiB": 2**20,
    "GiB": 2**30,
    "%": 1,
    "ppm": 1,
    "K": 1e3,
    "M": 1e6,
    "G": 1e9,
    "T": 1e12,
}

NOT_RUN = "not part of this run"
NO_IMPLEMENTATION = "no implementation here"
NO_DATA = "the data set is none of those here"
NO_SCALE = "not made for this scale here"
NO_CODE = "its authors have released no code"
NO_WEIGHTS = "no published weights to fetch"
ALL_EQUAL = "every image equals its original, which makes the PSNR infinite"
RECONSTRUCTED = "built from the paper's text alone, to meet the printed counts"


@dataclass(frozen=True)
class Cell:
    """One number of the paper and what stands against it, all in the column's unit.

    `measured` is with the published weights (or of the network alone: counts), `seeds` are the values of what
    was trained here. `measured`, else the mean of the seeds, is the one judged. `records` are the rows of the
    long form that they come from.
    """

    paper: float | None
    measured: float | None = None
    seeds: tuple[float, ...] = ()
    judgement: Judgement | None = None
    records: tuple[Record, ...] = ()

    @property
    def equal_images(self) -> int:
        """How many images equal their originals and are left out of the means, over all records."""
        return sum(int(record.get(measurements.EQUAL, 0)) for record in self.records)

    @property
    def trained(self) -> float | None:
        """Mean over the seeds trained here."""
        return fmean(self.seeds) if self.seeds else None

    @property
    def spread(self) -> float | None:
        """Sample standard deviation over the seeds; None for fewer than two."""
        return stdev(self.seeds) if len(self.seeds) > 1 else None

    @property
    def here(self) -> float | None:
        """The judged value."""
        return self.trained if self.measured is None else self.measured

    @property
    def difference(self) -> float | None:
        """Judged value minus the paper's."""
        return None if self.here is None or self.paper is None else self.here - self.paper


@dataclass(frozen=True)
class BuiltRow:
    spec: Row
    status: str
    cells: tuple[Cell, ...]

    @property
    def is_measured(self) -> bool:
        """Whether anything in it has been measured here."""
        return any(cell.here is not None or cell.equal_images for cell in self.cells)


@dataclass(frozen=True)
class Entry:
    """A cell with everything that says what it is."""

    group: str
    row: BuiltRow
    column: Column
    tolerance: Tolerance | None
    cell: Cell


@dataclass(frozen=True)
class Table:
    """A table that is built; `yours` are rows that no paper prints, of which no cell is one of `entries`."""

    spec: Spec
    tolerances: tuple[Tolerance | None, ...]
    groups: tuple[tuple[str, tuple[BuiltRow, ...]], ...]
    yours: tuple[BuiltRow, ...] = ()

    def entries(self) -> Iterator[Entry]:
        """All cells, row by row."""
        for group, rows in self.groups:
            for row in rows:
                for column, tolerance, cell in zip(self.spec.columns, self.tolerances, row.cells, strict=True):
                    yield Entry(group, row, column, tolerance, cell)

    @property
    def is_measured(self) -> bool:
        """Whether anything in it has been measured here."""
        return bool(self.yours) or any(row.is_measured for _, rows in self.groups for row in rows)

    def counts(self) -> dict[str, int]:
        """How many cells have each verdict, in the verdicts' own order."""
        found = Counter(entry.cell.judgement.verdict for entry in self.entries() if entry.cell.judgement)
        return {verdict.value: found[verdict] for verdict in Verdict}


def build(
    spec: Spec,
    published: pd.DataFrame,
    measured: pd.DataFrame,
    tolerances: Mapping[str, Tolerance],
    methods: Mapping[str, registry.Entry],
) -> Table:
    """A table from its specification.

    Args:
        spec: what to build.
        published: the paper's figures in the long form, values in printed units.
        measured: means of what was measured here, in the long form, and of single images where the table is of those.
        tolerances: by metric.
        methods: the registry's entries, by name.

    Raises:
        ResoluteError: two different numbers match one cell, a published figure's method or image has no row, a metric
            has no tolerance, a unit is unknown, or an erratum names no cell of the table or another claim than
            its figure.
    """
    named = {row.method for group in spec.groups for row in group.rows}
    figures, ours = by_method(published), by_method(measured[measured["method"].isin(named)])
    _check_rows(spec, figures, named)
    builder = Builder(spec, figures, ours, tolerances, methods)
    _check_errata(builder)
    groups = tuple((group.title, tuple(builder.row(row) for row in group.rows)) for group in spec.groups)
    return Table(spec, tuple(builder.tolerance(column) for column in spec.columns), groups)


@dataclass(frozen=True)
class Builder:
    """Finds what belongs into a cell: `published` and `measured` are rows of the long form by method."""

    spec: Spec
    published: Mapping[str, Sequence[Record]]
    measured: Mapping[str, Sequence[Record]]
    tolerances: Mapping[str, Tolerance]
    methods: Mapping[str, registry.Entry]

    def row(self, row: Row) -> BuiltRow:
        status = NOT_RUN if row.method in self.methods else f"paper only: {NO_IMPLEMENTATION}"
        built = BuiltRow(row, status, tuple(self.cell(row, column) for column in self.spec.columns))
        return replace(built, status="measured here") if built.is_measured else built

    def paper(self, row: Row, column: Column) -> float | None:
        return self.one(self.select(self.published, row, column.match), row, column)

    def tolerance(self, column: Column) -> Tolerance | None:
        if column.published_only:
            return None
        metric = column.match["metric"]
        if metric not in self.tolerances:
            raise ResoluteError(f"{_name(self.spec)}: metric '{metric}' is not in data/published/tolerances.yaml")
        return self.tolerances[metric]

    def cell(self, row: Row, column: Column) -> Cell:
        paper = self.paper(row, column)
        tolerance = self.tolerance(column)
        if tolerance is None:
            return Cell(paper)
        cell = replace(self.here(row, column, self.weights(row)), paper=paper)
        if paper is None:
            return cell
        judgement = judge(
            paper,
            cell.here,
            digits=column.digits,
            tolerance=tolerance,
            incomparable=self.incomparable(row, cell, tolerance),
            missing=ALL_EQUAL if cell.equal_images else self.missing(row, column),
            absent=self.absent(row, column),
            erratum=self.spec.errata.get((row.key, column.key)),
        )
        return replace(cell, judgement=judgement)

    def here(self, row: Row, column: Column, weights: str, with_trained: bool = True) -> Cell:
        """What was measured of a cell: with one set of weights, or of the network alone, and with trained ones."""
        ours = self.ours(row, column)
        given = [record for record in ours if record["weights"] in ("", weights)]
        trained = [record for record in ours if with_trained and measurements.is_trained(record["weights"])]
        seeds = tuple(_in_unit(record, column) for record in trained if not measurements.is_infinite(record))
        return Cell(None, self.one(given, row, column), seeds, records=(*given, *trained))

    def weights(self, row: Row) -> str:
        """The published weights that stand for the paper's own; empty where there are none.

        A method that is never trained has no others than its first, whatever weights the table is about.
        """
        entry = self.methods.get(row.method)
        if self.spec.weights != "published" and (entry is None or entry.trainable):
            return self.spec.weights
        return f"published-{entry.tag()}" if entry and entry.published else ""

    def missing(self, row: Row, column: Column) -> str:
        """What makes it impossible to measure a cell: hidden images, no data set, no code, no weights; else empty."""
        entry, wanted = self.methods.get(row.method), self.wanted(row, column.measured_match)
        if column.missing or entry is None:
            return column.missing or NO_IMPLEMENTATION
        if entry.reconstructed:
            return NO_CODE
        if not entry.serves(wanted["scale"]):
            return NO_SCALE
        if (dataset := wanted.get("dataset")) and dataset not in datasets.names():
            return NO_DATA
        return NO_WEIGHTS if dataset and not entry.has_weights(self.weights(row), wanted["scale"]) else ""

    def absent(self, row: Row, column: Column) -> str:
        """Why nothing is measured although it could be: a data set may have to be placed by hand first."""
        dataset = self.wanted(row, column.measured_match).get("dataset")
        by_hand = datasets.placed_by_hand(dataset) if dataset in datasets.names() else ""
        return f"{NOT_RUN}: {by_hand} is placed by hand" if by_hand else NOT_RUN

    def incomparable(self, row: Row, cell: Cell, tolerance: Tolerance) -> str:
        """Why the judged value must not be held against the paper's; empty where it may."""
        given = [record for record in cell.records if not measurements.is_trained(record["weights"])]
        records = given or cell.records
        if row.method in self.methods and self.methods[row.method].reconstructed:
            return RECONSTRUCTED
        if tolerance.device:
            return f"another device: {', '.join(sorted({record['device'] for record in records}))}"
        return next(filter(None, map(_departure, records)), "")

    def wanted(self, row: Row, match: Match) -> Match:
        return {"image": "", **self.spec.match, **row.match, **match}

    def select(self, records: Mapping[str, Sequence[Record]], row: Row, match: Match) -> list[Record]:
        wanted = self.wanted(row, match)
        return [
            record
            for record in records.get(row.method, ())
            if all(record[name] == value for name, value in wanted.items())
        ]

    def ours(self, row: Row, column: Column) -> list[Record]:
        """What was measured, at the method's default operating point where the table names none.

        What a network costs by itself has none.
        """
        wanted = dict(self.wanted(row, column.measured_match))
        entry = self.methods.get(row.method)
        setting = wanted.pop("setting", entry.setting() if entry else "")
        found = self.select(self.measured, row, wanted)
        return [one for one in found if one["setting"] == setting or (measurements.is_cost(one) and not one["setting"])]

    def one(self, records: Sequence[Record], row: Row, column: Column) -> float | None:
        """The one number among the records, in the column's unit; equal ones count as one."""
        values = {_in_unit(record, column) for record in records if not measurements.is_infinite(record)}
        if len(values) > 1:
            where = f"{_name(self.spec)}: {row.method}, {column.key}"
            raise ResoluteError(f"{where}: {len(values)} different numbers match: narrow its `match`")
        return values.pop() if values else None


def by_method(rows: pd.DataFrame) -> dict[str, list[Record]]:
    records: dict[str, list[Record]] = defaultdict(list)
    for record in measurements.records(rows):
        if pd.notna(record["value"]) or measurements.is_infinite(record):
            records[record["method"]].append(record)
    return records


def _in_unit(record: Record, column: Column) -> float:
    if record["unit"] not in FACTORS:
        unit = record["unit"]
        raise ResoluteError(f"{column.key} of {record['method']}: unknown unit '{unit}': {nearest(unit, FACTORS)}")
    # The quotient of the factors first: equal units then divide by exactly 1 and leave the digits alone.
    return float(record["value"]) / (FACTORS[column.unit] / FACTORS[record["unit"]])


def _departure(record: Record) -> str:
    """Where a training departs from the paper's: only one that does not says anything about the paper's quality."""
    if not measurements.is_trained(record["weights"]) or record["recipe"] == "paper":
        return ""
    data = f" on {record['training_data']}" if record["training_data"] else ""
    how = f"with {record['recipe']} than the paper" if record["recipe"] else "by a recipe that is not recorded"
    return f"trained here {how}: {record['weights']}{data}"


def _check_rows(spec: Spec, published: Mapping[str, Sequence[Record]], named: set[str]) -> None:
    """Nothing published is dropped in silence."""
    if strangers := set(published) - named:
        raise ResoluteError(f"{_name(spec)}: groups: no row for '{min(strangers)}' of {spec.figures.name}")
    images = {record["image"] for records in published.values() for record in records}
    if strangers := images - {*(spec.images or [""])}:
        what = f"the image '{min(strangers)}'" if min(strangers) else "a mean"
        raise ResoluteError(f"{_name(spec)}: images: no row for {what} of {spec.figures.name}")


def _check_errata(builder: Builder) -> None:
    """Every erratum names a cell of the table, and quotes it."""
    spec = builder.spec
    where = f"{layout.relative(spec.path.with_name('errata.csv'))}: {spec.table}"
    rows = {row.key: row for group in spec.groups for row in group.rows}
    columns = {column.key: column for column in spec.columns}
    for (row, column), erratum in spec.errata.items():
        if row not in rows:
            raise ResoluteError(f"{where} has no row '{row}': {nearest(row, rows)}")
        if column not in columns:
            raise ResoluteError(f"{where} has no column '{column}': {nearest(column, columns)}")
        if float(erratum.claim) != builder.paper(rows[row], columns[column]):
            raise ResoluteError(f"{where} does not print {erratum.claim} as {column} of {row}")


def _name(spec: Spec) -> str:
    return layout.relative(spec.path)

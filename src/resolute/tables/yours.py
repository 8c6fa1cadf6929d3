"""Rows of a paper's table that are the user's: imported weights and added networks, measured as the table says."""

from collections.abc import Iterator, Mapping

import pandas as pd

from resolute import measurements, registry
from resolute.core import layout, own
from resolute.measurements import titles
from resolute.published import Column, Match, Row, Spec, Tolerance
from resolute.tables.build import Builder, BuiltRow, Cell, by_method

NAMES = ("Method", "Network")  # the labels that a network stands under, where a table has them


def yours(
    spec: Spec,
    measured: pd.DataFrame,
    tolerances: Mapping[str, Tolerance],
    methods: Mapping[str, registry.Entry],
) -> tuple[BuiltRow, ...]:
    """What was measured of the user's own on a data set, at a scale and by a protocol of the table; arguments as for
    `build`.

    Nothing in it has a verdict, since no paper prints it. Tables of what a paper's code gives, and tables of single
    images, have no such rows.
    """
    added = own.entries("methods")
    runs = {
        (record["method"], record["weights"] if layout.own_name(record["weights"]) else "")
        for record in measurements.records(measured[["method", "weights"]].drop_duplicates())
        if layout.own_name(record["weights"])
        or (record["method"] in added and measurements.is_trained(record["weights"]))
    }
    if not runs or spec.kind != "published" or spec.images:
        return ()
    records = by_method(measured[measured["method"].isin([method for method, _ in runs])])
    builder = Builder(spec, {}, records, tolerances, methods)
    rows = [_row(builder, where, *run) for where in _places(spec) for run in sorted(runs)]
    return tuple(row for row in rows if any(record["dataset"] for cell in row.cells for record in cell.records))


def _places(spec: Spec) -> list[Match]:
    """The data sets that rows name, where they do and not the columns."""
    named = dict.fromkeys(row.match.get("dataset") for group in spec.groups for row in group.rows)
    return [{"dataset": name} if name else {} for name in named]


def _row(builder: Builder, where: Match, method: str, weights: str) -> BuiltRow:
    labels = builder.spec.labels
    place = next((labels.index(name) for name in NAMES if name in labels), 0)
    title = ", ".join([titles.method_title(method, weights=weights), *map(titles.dataset_title, where.values())])
    row = Row(method, tuple(title if number == place else "" for number in range(len(labels))), where)
    cells = tuple(_cell(builder, row, weights, column) for column in builder.spec.columns)
    return BuiltRow(row, ", ".join(["yours", *_trained_on(cells)]), cells)


def _cell(builder: Builder, row: Row, weights: str, column: Column) -> Cell:
    wanted = builder.wanted(row, column.measured_match)
    is_of_network = all(map(measurements.is_cost, builder.ours(row, column)))
    if builder.tolerance(column) is None or "scale" not in wanted or not (wanted.get("dataset") or is_of_network):
        return Cell(None)
    return builder.here(row, column, weights, with_trained=not weights)


def _trained_on(cells: tuple[Cell, ...]) -> Iterator[str]:
    """Where it was trained here, on what."""
    data = {record["training_data"] for cell in cells for record in cell.records} - {""}
    if data:
        yield f"trained here on {' and '.join(map(titles.dataset_title, sorted(data)))}"

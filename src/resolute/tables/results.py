"""Every cell of every table in one long form, for whoever goes on with the numbers: `reports/results.parquet`."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from resolute import measurements
from resolute.core import atomic, layout
from resolute.core.layout import Run
from resolute.measurements import Record
from resolute.tables.build import Entry, Table


def _field(name: str, kind: pa.DataType, description: str) -> pa.Field:
    return pa.field(name, kind, metadata={"description": description})


RESULTS = pa.schema(
    [
        _field("paper", pa.string(), "folder below data/published"),
        _field("table", pa.string(), "the paper's table"),
        _field("kind", pa.string(), "published: printed in the paper; official_outputs: scored on what its code gives"),
        _field("group", pa.string(), "the block of rows that the cell is in"),
        _field("row", pa.string(), "the row within the table: the method, and what else selects its figures"),
        _field("method", pa.string(), "method id"),
        _field("column", pa.string(), "the column within the table"),
        _field("metric", pa.string(), "what the paper prints: psnr, params, ..."),
        _field("protocol", pa.string(), "how it is evaluated or counted, empty where there is one way only"),
        _field("dataset", pa.string(), "data set, empty for the network alone"),
        _field("scale", pa.float64(), "HR side over LR side"),
        _field("setting", pa.string(), "LR size of a cost, operating point of a dynamic method"),
        _field("unit", pa.string(), "of all values in the row"),
        _field("digits", pa.int64(), "digits that the paper prints after the point"),
        _field("paper_value", pa.float64(), "as printed"),
        _field("measured_value", pa.float64(), "with the published weights, or of the network alone"),
        _field("trained_value", pa.float64(), "mean over the seeds trained here"),
        _field("trained_std", pa.float64(), "sample standard deviation over the seeds, null for fewer than two"),
        _field("trained_seeds", pa.int64(), "how many seeds were trained here"),
        _field("equal_images", pa.int64(), "test images that equal their originals: the mean PSNRs leave them out"),
        _field("device", pa.string(), "where it was measured, empty for counts"),
        _field("tolerance", pa.string(), "how close the judged value must come, empty where nothing is judged"),
        _field("verdict", pa.string(), "empty for what is shown as printed and not judged"),
        _field("why", pa.string(), "the verdict's reason or evidence"),
        _field("weights", pa.string(), "the weights measured, separated by spaces"),
        _field("provenance", pa.string(), "the measurement files that the values are from, separated by spaces"),
    ]
)


def results(tables: Sequence[Table]) -> Iterator[dict[str, Any]]:
    """One row per cell, with the columns of `RESULTS`; cells that are empty on both sides are left out."""
    for table in tables:
        for entry in table.entries():
            if entry.cell.paper is not None or entry.cell.records:
                spec = table.spec
                yield {"paper": spec.paper, "table": spec.table, "kind": spec.kind, **_row(table, entry)}


def write_results(path: Path, tables: Sequence[Table]) -> None:
    """Write `results` as parquet, whole or not at all; the schema's metadata describe the columns."""
    table = pa.Table.from_pylist(list(results(tables)), schema=RESULTS)
    with atomic.writing(path) as part:
        pq.write_table(table, part)


def _row(table: Table, entry: Entry) -> dict[str, Any]:
    cell, column, judgement = entry.cell, entry.column, entry.cell.judgement
    match = {**table.spec.match, **entry.row.spec.match, **column.match}
    return {
        "group": entry.group,
        "row": entry.row.spec.key,
        "method": entry.row.spec.method,
        "column": column.key,
        **{name: match.get(name, "") for name in ("metric", "protocol", "dataset", "setting")},
        "scale": match.get("scale"),
        "unit": column.unit,
        "digits": column.digits,
        "paper_value": cell.paper,
        "measured_value": cell.measured,
        "trained_value": cell.trained,
        "trained_std": cell.spread,
        "trained_seeds": len(cell.seeds),
        "equal_images": cell.equal_images,
        "device": _joined("; ", (record["device"] for record in cell.records)),
        "tolerance": str(entry.tolerance or ""),
        "verdict": judgement.verdict.value if judgement else "",
        "why": judgement.reason if judgement else "",
        "weights": _joined(" ", (record["weights"] for record in cell.records)),
        "provenance": _joined(" ", map(_file, cell.records)),
    }


def _joined(separator: str, texts: Iterator[str]) -> str:
    return separator.join(sorted(set(texts) - {""}))


def _file(record: Record) -> str:
    """The measurement file of a record; it says of itself how it came to be."""
    method, scale = record["method"], record["scale"]
    if measurements.is_cost(record):
        return layout.relative(layout.cost(method, scale))
    return layout.relative(layout.quality(Run(method, scale, record["weights"]), record["dataset"]))

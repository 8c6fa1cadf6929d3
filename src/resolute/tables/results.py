"""Built tables in the long form of `resolute.published.results`."""

from collections.abc import Iterator, Sequence
from typing import Any

from resolute import measurements
from resolute.core import layout
from resolute.core.layout import Run
from resolute.measurements import Record
from resolute.tables.build import Entry, Table


def results(tables: Sequence[Table]) -> Iterator[dict[str, Any]]:
    """One row per cell, with the columns of `RESULTS`; cells that are empty on both sides are left out."""
    for table in tables:
        for entry in table.entries():
            if entry.cell.paper is not None or entry.cell.records:
                spec = table.spec
                yield {"paper": spec.paper, "table": spec.table, "kind": spec.kind, **_row(table, entry)}


def _row(table: Table, entry: Entry) -> dict[str, Any]:
    cell, column, judgement = entry.cell, entry.column, entry.cell.judgement
    match = {**table.spec.match, **entry.row.spec.match, **column.match}
    return {
        "group": entry.group,
        "row": entry.row.spec.key,
        "method": entry.row.spec.method,
        "column": column.key,
        **{name: match.get(name, "") for name in ("metric", "protocol", "dataset", "image", "setting", "lr_size")},
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

"""What the chart and the budget choose from: every run's quality beside its network's cost."""

from collections.abc import Sequence
from typing import Any

from resolute import summary
from resolute.report.cost import COLUMNS, Column, CostRow
from resolute.report.quality import QualityRow, QualityTable
from resolute.report.words import weights_title

# What a budget limits, in the order of the page; the first is the chart's first axis.
BUDGET = ("macs", "params", "latency", "peak_memory")


def limits() -> list[Column]:
    """The quantities that a budget may limit."""
    return [next(column for column in COLUMNS if column.metric == metric) for metric in BUDGET]


def choices(tables: Sequence[QualityTable], costs: Sequence[CostRow], protocol: str) -> dict[str, Any]:
    """One group per data set and scale, ready for JSON; costs in the units of the cost table.

    Networks whose cost is unknown are kept: they have a place in the list, if not in the chart.
    """
    by_method = {(row.method, row.scale): row for row in costs}
    groups = [
        {
            "title": f"{summary.dataset_title(dataset)} x{table.scale:g}",
            "protocols": protocols,
            "baseline": next((_quality(row, dataset) for row in table.rows if row.is_baseline), {}),
            "rows": [
                _choice(row, dataset, by_method.get((row.method, table.scale)))
                for row in table.rows
                if not row.is_baseline and _quality(row, dataset)
            ],
        }
        for table in tables
        for dataset, protocols in table.protocols.items()
    ]
    shown = [{"key": column.metric, "words": column.header, "unit": column.unit} for column in limits()]
    return {"groups": groups, "costs": shown, "protocol": protocol}


def _choice(row: QualityRow, dataset: str, cost: CostRow | None) -> dict[str, Any]:
    return {
        "title": row.title,
        "weights": weights_title(row.weights),
        "trained": row.is_trained,
        "quality": _quality(row, dataset),
        "cost": {metric: cost.values[metric] for metric in BUDGET if metric in cost.values} if cost else {},
    }


def _quality(row: QualityRow, dataset: str) -> dict[str, dict[str, float]]:
    """PSNR (dB) and SSIM by protocol."""
    found = {}
    for (name, protocol), cell in row.cells.items():
        values = {"psnr": cell.psnr, "ssim": cell.ssim}
        if name == dataset:
            found[protocol] = {metric: value for metric, value in values.items() if value is not None}
    return found

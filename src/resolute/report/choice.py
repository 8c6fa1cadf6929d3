"""What the chart and the budget choose from: every run's quality beside its network's cost."""

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

from resolute.measurements import titles
from resolute.pages.cost import COLUMNS, Column, CostRow
from resolute.pages.words import protocol_words, weights_title
from resolute.report.quality import QualityRow, QualityTable

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
    groups: list[dict[str, Any]] = [
        {
            "title": f"{titles.dataset_title(dataset)} x{table.scale:g}",
            "protocols": protocols,
            "equal": _equal(table, dataset),
            "baseline": next((_values(row, dataset) for row in table.rows if row.is_baseline), {}),
            "rows": [
                _choice(row, dataset, by_method.get((row.method, table.scale)))
                for row in table.rows
                if not row.is_baseline and _values(row, dataset)
            ],
        }
        for table in tables
        for dataset, protocols in table.protocols.items()
    ]
    shown = [{"key": column.metric, "words": column.header, "unit": column.unit} for column in limits()]
    described = {name: protocol_words(name) for group in groups for name in group["protocols"]}
    return {"groups": groups, "costs": shown, "protocol": protocol, "described": described}


def _choice(row: QualityRow, dataset: str, cost: CostRow | None) -> dict[str, Any]:
    return {
        "title": row.title,
        **({"setting": row.setting} if row.setting else {}),
        "weights": weights_title(row.weights, row.seeds),
        "trained": row.is_trained,
        "quality": _values(row, dataset),
        "spread": {protocol: values for protocol, values in _values(row, dataset, "_spread").items() if values},
        "cost": _costs(row, dataset, cost) if cost else {},
    }


def _costs(row: QualityRow, dataset: str, cost: CostRow) -> dict[str, float]:
    """What the budget limits; the multiply-adds of a dynamic method are those that it took on the data set."""
    share = next(cell.share for (name, _), cell in row.cells.items() if name == dataset)
    known = {metric: cost.values[metric] for metric in BUDGET if metric in cost.values}
    return {metric: _short(value * share if metric == "macs" else value) for metric, value in known.items()}


def _equal(table: QualityTable, dataset: str) -> dict[str, int]:
    """By protocol, how many networks have no PSNR because all their images equal the originals."""
    rows = [row for row in table.rows if not row.is_baseline]
    cells = [(protocol, cell) for row in rows for (name, protocol), cell in row.cells.items() if name == dataset]
    return dict(Counter(protocol for protocol, cell in cells if cell.is_infinite))


def _values(row: QualityRow, dataset: str, suffix: str = "") -> dict[str, dict[str, float]]:
    """PSNR (dB) and SSIM by protocol, as far as they are known; with `_spread`, their standard deviations."""
    found = {
        protocol: {metric: getattr(cell, f"{metric}{suffix}") for metric in ("psnr", "ssim")}
        for (name, protocol), cell in row.cells.items()
        if name == dataset
    }
    return {
        protocol: {
            metric: _short(value) for metric, value in values.items() if value is not None and math.isfinite(value)
        }
        for protocol, values in found.items()
    }


def _short(value: float) -> float:
    """Nine digits: more than anybody is shown, and half of what a page of a thousand networks would carry."""
    return float(f"{value:.9g}")

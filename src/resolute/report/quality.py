"""Quality of the runs: PSNR and SSIM on every test set under every protocol, and the gain over bicubic."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from resolute import measurements
from resolute.measurements import titles


@dataclass
class Quality:
    """Means of one run on one data set under one protocol; PSNR and gain in dB, None where not measured or infinite.

    `equal_images` are those that equal their originals, which the mean PSNR leaves out. `share` is what a dynamic
    method takes of the multiply-adds of its costliest way. The spreads are sample standard deviations over seeds, NaN
    for fewer than two.
    """

    psnr: float | None = None
    ssim: float | None = None
    psnr_spread: float = math.nan
    ssim_spread: float = math.nan
    gain: float | None = None
    equal_images: int = 0
    best: bool = False
    share: float = 1.0

    @property
    def is_infinite(self) -> bool:
        """Whether all images equal their originals."""
        return self.equal_images > 0 and self.psnr is None


@dataclass
class QualityRow:
    """Published weights, or all seeds of a preset, at an operating point; `cells` by data set and protocol."""

    method: str
    title: str
    weights: str
    setting: str
    seeds: int
    cells: dict[tuple[str, str], Quality] = field(default_factory=dict)

    @property
    def is_baseline(self) -> bool:
        return self.method == measurements.BASELINE

    def psnr(self, column: tuple[str, str]) -> float:
        """PSNR on a data set under a protocol; minus infinity where there is none to compare."""
        cell = self.cells.get(column)
        return -math.inf if cell is None or cell.psnr is None else cell.psnr

    @property
    def is_trained(self) -> bool:
        return measurements.is_trained(self.weights)


@dataclass(frozen=True)
class QualityTable:
    """All runs at one scale: bicubic first, then by PSNR in the first column, the best on top."""

    scale: float
    protocols: dict[str, tuple[str, ...]]
    """The protocols measured, by data set, in the order of the data."""
    rows: tuple[QualityRow, ...]

    @property
    def columns(self) -> list[tuple[str, str]]:
        return [(dataset, protocol) for dataset, protocols in self.protocols.items() for protocol in protocols]


def quality_tables(means: pd.DataFrame) -> list[QualityTable]:
    """One table per scale, from `measurements.over_seeds`."""
    quality = means[means["metric"].isin(["psnr", "ssim"])]
    scales = sorted(set(quality["scale"]))
    shares = measurements.shares(means)
    return [_table(scale, measurements.records(quality[quality["scale"] == scale]), shares) for scale in scales]


def _table(
    scale: float, records: Sequence[measurements.Record], shares: Mapping[measurements.Key, float]
) -> QualityTable:
    rows: dict[tuple[str, str, str], QualityRow] = {}
    protocols: dict[str, dict[str, None]] = {}
    for record in records:
        method, weights, setting = record["method"], record["weights"], record["setting"]
        column = record["dataset"], record["protocol"]
        new = QualityRow(method, titles.method_title(method, setting), weights, setting, record["seeds"])
        cell = rows.setdefault((method, weights, setting), new).cells.setdefault(column, Quality())
        setattr(cell, record["metric"], None if measurements.is_infinite(record) else record["value"])
        setattr(cell, f"{record['metric']}_spread", record["spread"])
        cell.equal_images += int(record[measurements.EQUAL])
        cell.share = shares.get(measurements.key(record), 1)
        protocols.setdefault(column[0], {})[column[1]] = None
    table = QualityTable(scale, {name: tuple(found) for name, found in protocols.items()}, tuple(rows.values()))
    for column in table.columns:
        _compare([row for row in table.rows if column in row.cells], column)
    first = table.columns[0]
    ordered = sorted(
        table.rows,
        key=lambda row: (not row.is_baseline, not row.cells.get(first, Quality()).is_infinite, -row.psnr(first)),
    )
    return QualityTable(scale, table.protocols, tuple(ordered))


def _compare(rows: Sequence[QualityRow], column: tuple[str, str]) -> None:
    """Fill in the gains over bicubic, and mark the best."""
    baseline = next((row.cells[column].psnr for row in rows if row.is_baseline), None)
    for row in rows:
        cell = row.cells[column]
        if baseline is not None and cell.psnr is not None and not row.is_baseline:
            cell.gain = cell.psnr - baseline
    best = max(rows, key=lambda row: row.psnr(column))
    best.cells[column].best = best.cells[column].psnr is not None

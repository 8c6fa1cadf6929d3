"""Writing all tables and the one small file of metrics."""

import json
import math
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from resolute import measurements, registry, summary
from resolute.core import atomic, layout
from resolute.core.layout import Run
from resolute.tables.build import Table, build
from resolute.tables.render import render
from resolute.tables.spec import read_spec, read_tolerances, spec_files


def make_tables(measured: Sequence[Path], protocol: str) -> None:
    """Write every published table, the file that `dvc plots` draws, and the metrics file.

    `reports/tables/<paper>/<table>.{csv,md,tex,html}` for each specification under `data/published/`,
    `reports/psnr_macs.csv` and `reports/metrics.json`.

    Args:
        measured: the measurement files of the runs to judge.
        protocol: the evaluation protocol of the mean PSNRs in the last two.

    Raises:
        ResoluteError: a measurement file is not there, or a specification does not hold together.
    """
    means = summary.means(summary.load(measured))
    tables = _built(means)
    for table in tables:
        for form in layout.TABLE_FORMATS:
            path = layout.tables() / table.spec.paper / f"{table.spec.table}.{form}"
            atomic.write(path, render(table, form))
    atomic.write(layout.tradeoff_file(), tradeoff(means, protocol).to_csv(index=False))
    text = json.dumps(metrics(means, tables, protocol), indent=2, sort_keys=True, allow_nan=False)
    atomic.write(layout.metrics_file(), f"{text}\n")


def metrics(means: pd.DataFrame, tables: Sequence[Table], protocol: str) -> dict[str, Any]:
    """Mean PSNRs per run and data set (dB), counts per method, verdict counts per paper and table.

    Nothing in it depends on the device or on time.
    """
    quality = means[(means["metric"] == "psnr") & (means["protocol"] == protocol)]
    psnr: dict[str, dict[str, float | None]] = defaultdict(dict)
    for row in summary.records(quality):
        run = Run(row["method"], row["scale"], row["weights"])
        # JSON has no infinity, which is the PSNR of identical images.
        psnr[str(run)][row["dataset"]] = round(row["value"], 4) if math.isfinite(row["value"]) else None
    counts: dict[str, dict[str, int]] = defaultdict(dict)
    for row in summary.records(means[means["metric"].isin(["params", "macs"])]):
        name = f"{row['method']}/{layout.scale_name(row['scale'])}"
        counts[name][row["metric"]] = round(row["value"])
    verdicts: dict[str, dict[str, dict[str, int]]] = defaultdict(dict)
    for table in tables:
        verdicts[table.spec.paper][table.spec.table] = table.counts()
    return {"protocol": protocol, "psnr": psnr, "counts": counts, "verdicts": verdicts}


def tradeoff(means: pd.DataFrame, protocol: str) -> pd.DataFrame:
    """Mean PSNR (dB) and multiply-adds (G) of every run on every data set whose network's cost is known."""
    quality = means[(means["metric"] == "psnr") & (means["protocol"] == protocol)]
    cost = means[(means["metric"] == "macs") & (means["value"] > 0)].drop_duplicates(["method", "scale"])
    found = quality.merge(cost[["method", "scale", "value"]], on=["method", "scale"], suffixes=("", "_macs"))
    columns = found[["method", "scale", "weights", "dataset"]]
    return columns.assign(macs_g=found["value_macs"].astype(float) / 1e9, psnr_db=found["value"].round(4))


def _built(means: pd.DataFrame) -> list[Table]:
    tolerances = read_tolerances(layout.published_tables() / "tolerances.yaml")
    tables = []
    for path in spec_files():
        spec = read_spec(path)
        published = measurements.read(spec.figures)
        tables.append(build(spec, published, means, tolerances, registry.names()))
    return tables

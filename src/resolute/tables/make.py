"""Writing all tables and the one small file of metrics."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from resolute import measurements, registry
from resolute.core import atomic, layout, strict_json
from resolute.core.errors import UsageError, nearest
from resolute.core.layout import Run
from resolute.published import (
    Tolerance,
    claims_files,
    ranking_files,
    read_claims,
    read_ranking,
    read_side_by_side,
    read_spec,
    read_tolerances,
    side_by_side_files,
    spec_files,
)
from resolute.published.results import Result, write_results
from resolute.tables.build import Table, build
from resolute.tables.claims import Claims, hold
from resolute.tables.images import of_images
from resolute.tables.ranking import Ranking, rank
from resolute.tables.render import render, render_claims, render_ranking, render_side_by_side
from resolute.tables.results import results
from resolute.tables.yours import yours


def make_tables(measured: Sequence[Path], protocol: str, reference: Sequence[Path] = ()) -> None:
    """Write every table, ranking and test of claims, all cells of papers in one long form, and the small files for DVC.

    `reports/tables/<paper>/<table>.{csv,md,tex,html}` for each specification under `data/published/`,
    `reports/results.parquet`, `reports/psnr_macs.csv` (for `dvc plots`) and `reports/metrics.json`.

    Args:
        measured: the measurement files of the runs to judge.
        protocol: the evaluation protocol of the mean PSNRs in the last two files.
        reference: measurement files that are kept with the project: they test the claims that this run does not.

    Raises:
        ResoluteError: a measurement file is not there, or a specification does not hold together.
    """
    rows = measurements.read(*measured)
    means = measurements.means(rows)
    tables = _all_built(rows, means)
    rankings = [_ranked(path, means) for path in ranking_files()]
    claims = [_held(path, means, reference) for path in claims_files()]
    beside = [_beside(path, means) for path in side_by_side_files()]
    for form in layout.TABLE_FORMATS:
        for table in beside:
            atomic.write(_target(table, form), render_side_by_side(table, form))
        for one in claims:
            atomic.write(_target(one, form), render_claims(one, form))
        for table in tables:
            atomic.write(_target(table, form), render(table, form))
        for ranking in rankings:
            atomic.write(_target(ranking, form), render_ranking(ranking, form))
    write_results(layout.results_file(), results(tables))
    means = measurements.at_own_size(means)
    atomic.write(layout.tradeoff_file(), tradeoff(means, protocol).to_csv(index=False))
    text = strict_json.dumps(metrics(means, tables, protocol), indent=2, sort_keys=True)
    atomic.write(layout.metrics_file(), f"{text}\n")


def current_results(measured: Sequence[Path]) -> list[Result]:
    """The cells of all tables as `make_tables` would write them now. Raises as it does.

    `reports/results.parquet` holds the same, if it is up to date.
    """
    rows = measurements.read(*measured)
    return list(results(_all_built(rows, measurements.means(rows))))


def metrics(means: pd.DataFrame, tables: Sequence[Table], protocol: str) -> dict[str, Any]:
    """Mean PSNRs per run, setting and data set (dB), counts per method, verdict counts per paper and table.

    A mean PSNR is over the images that do not equal their originals, and null where there are none; `equal_images`
    counts the others where there are any. Nothing in it depends on the device or on time.
    """
    quality = means[(means["metric"] == "psnr") & (means["protocol"] == protocol)]
    psnr: dict[str, dict[str, float]] = defaultdict(dict)
    equal: dict[str, dict[str, int]] = defaultdict(dict)
    for row in measurements.records(quality):
        run = "/".join(filter(None, [str(Run(row["method"], row["scale"], row["weights"])), row["setting"]]))
        psnr[run][row["dataset"]] = round(row["value"], 4)
        if row[measurements.EQUAL]:
            equal[run][row["dataset"]] = int(row[measurements.EQUAL])
    counts: dict[str, dict[str, int]] = defaultdict(dict)
    for row in filter(measurements.is_cost, measurements.records(means[means["metric"].isin(["params", "macs"])])):
        name = f"{row['method']}/{layout.scale_name(row['scale'])}"
        counts[name][row["metric"]] = round(row["value"])
    verdicts: dict[str, dict[str, dict[str, int]]] = defaultdict(dict)
    for table in tables:
        verdicts[table.spec.paper][table.spec.table] = table.counts()
    found = {"protocol": protocol, "psnr": psnr, "counts": counts, "verdicts": verdicts}
    return {**found, measurements.EQUAL: equal} if equal else found


def tradeoff(means: pd.DataFrame, protocol: str) -> pd.DataFrame:
    """Mean PSNR (dB) and multiply-adds (G) of every run on every data set whose network's cost is known.

    The multiply-adds of a dynamic method are those that it took. Where images equal their originals, a further column
    counts them.
    """
    quality = means[(means["metric"] == "psnr") & (means["protocol"] == protocol)]
    cost = means[(means["metric"] == "macs") & (means["dataset"] == "") & (means["value"] > 0)]
    cost = cost.drop_duplicates(["method", "scale"])
    found = quality.merge(cost[["method", "scale", "value"]], on=["method", "scale"], suffixes=("", "_macs"))
    shares = measurements.shares(means)
    taken = [shares.get(measurements.key(row), 1) for row in measurements.records(found)]
    share = pd.Series(taken, found.index, dtype=float)
    columns = found[["method", "scale", "weights", *(["setting"] if found["setting"].any() else []), "dataset"]]
    shown = columns.assign(macs_g=found["value_macs"].astype(float) * share / 1e9, psnr_db=found["value"].round(4))
    return shown.assign(**{measurements.EQUAL: found[measurements.EQUAL]}) if found[measurements.EQUAL].any() else shown


def paper_tables(paper: str, measured: Sequence[Path], name: str = "") -> list[Table]:
    """A paper's tables with their verdicts; only the named one where a name is given.

    Raises:
        UsageError: the paper or the table is unknown.
        ResoluteError: as for `make_tables`.
    """
    papers = {path.parent.name for path in spec_files()}
    if paper not in papers:
        raise UsageError(f"unknown paper '{paper}': {nearest(paper, papers)}")
    files = {path.stem: path for path in spec_files() if path.parent.name == paper}
    if name and name not in files:
        raise UsageError(f"{paper} has no table '{name}' with verdicts: {nearest(name, files)}")
    rows = measurements.read(*measured)
    judged = _with_choices(rows, measurements.means(rows))
    return [_built(path, rows, judged) for stem, path in files.items() if name in ("", stem)]


def _with_choices(rows: pd.DataFrame, means: pd.DataFrame) -> pd.DataFrame:
    """The means, and what dynamic methods chose and took of patches and of pixels."""
    chosen = [measurements.over_patches(rows), measurements.over_pixels(rows)]
    return pd.concat([means, *(one for one in chosen if len(one))], ignore_index=True)


def _all_built(rows: pd.DataFrame, means: pd.DataFrame) -> list[Table]:
    judged = _with_choices(rows, means)
    return [_built(path, rows, judged) for path in spec_files()]


def _built(path: Path, rows: pd.DataFrame, means: pd.DataFrame) -> Table:
    spec, tolerances, methods = read_spec(path), _tolerances(), _methods()
    measured = pd.concat([means, of_images(rows, spec.images)], ignore_index=True) if spec.images else means
    built = build(spec, measurements.read(spec.figures), measured, tolerances, methods)
    return replace(built, yours=yours(spec, measured, tolerances, methods))


def _beside(path: Path, means: pd.DataFrame) -> Table:
    return build(read_side_by_side(path), measurements.frame([]), means, _tolerances(), _methods())


def _ranked(path: Path, means: pd.DataFrame) -> Ranking:
    asked = read_ranking(path)
    return rank(asked, measurements.read(asked.figures), means, _tolerances(), _methods())


def _held(path: Path, means: pd.DataFrame, reference: Sequence[Path]) -> Claims:
    """The claims of a paper by this run, or else by what is kept with the project."""
    spec = read_claims(path)
    here = hold(spec, means)
    return here if here.devices else hold(spec, measurements.means(measurements.read(*reference)))


def _tolerances() -> dict[str, Tolerance]:
    return read_tolerances(layout.published_tables() / "tolerances.yaml")


def _methods() -> dict[str, registry.Entry]:
    return {name: registry.entry(name) for name in registry.names()}


def _target(made: Table | Ranking | Claims, form: str) -> Path:
    return layout.tables() / made.spec.paper / f"{made.spec.table}.{form}"

"""Putting the page together."""

import csv
import json
import math
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from resolute import summary
from resolute.core import atomic, layout
from resolute.core.errors import ResoluteError
from resolute.report.cost import COLUMNS, CostRow, cost_rows
from resolute.report.embed import embed
from resolute.report.findings import findings
from resolute.report.origin import Origin, commit, origin
from resolute.report.quality import QualityTable, quality_tables

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Device:
    """What was measured on another device and is kept with the project."""

    name: str
    quality: list[QualityTable]
    costs: list[CostRow]
    origin: Origin


def make_report(
    params: Mapping[str, Any],
    measured: Sequence[Path],
    tables: Sequence[Path],
    figures: Sequence[Path],
    reference: Sequence[Path] = (),
) -> None:
    """Write `reports/index.html`: one file that needs nothing else.

    Args:
        params: the whole configuration, shown as it is; `preset` and `figures.protocol` are read.
        measured: the measurement files of the runs.
        tables: HTML fragments of the stage `tables`; a paper's numbered tables are shown first.
        figures: SVG files of the stage `figures`, shown in this order.
        reference: measurement files `data/reference/<device>/*.parquet` from other devices.

    Raises:
        ResoluteError: a file is not there.
    """
    for path in (*tables, *figures, layout.metrics_file()):
        if not path.is_file():
            name = layout.relative(path)
            raise ResoluteError(f"{name} is not there: `snakemake --cores all {name}` makes it")
    means = summary.means(summary.load(measured))
    quality, costs = quality_tables(means), cost_rows(means)
    verdicts = json.loads(layout.metrics_file().read_text(encoding="utf-8"))["verdicts"]
    page = (
        _environment()
        .get_template("index.html.jinja")
        .render(
            params=params,
            config=yaml.safe_dump(dict(params), sort_keys=False, allow_unicode=True),
            findings=findings(quality, costs, verdicts, params["figures"]["protocol"]),
            verdicts=verdicts,
            errata=_errata(),
            quality=quality,
            costs=costs,
            columns=COLUMNS,
            tables=[_fragment(path) for path in sorted(tables, key=table_order)],
            figures=[embed(path) for path in figures],
            reference=_reference(reference),
            origin=origin(measured),
            devices=sorted(set(means["device"]) - {""}),
            commit=commit(),
            style=Markup((FOLDER / "style.css").read_text(encoding="utf-8")),
        )
    )
    atomic.write(layout.report(), page)


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["dataset_title"] = summary.dataset_title
    environment.filters["method_title"] = summary.method_title
    environment.filters["signed"] = lambda value: f"{value:+.2f}".replace("-", "\N{MINUS SIGN}")
    environment.filters["weights_title"] = weights_title
    return environment


def _fragment(path: Path) -> Markup:
    """A table, which the stage `tables` has escaped."""
    return Markup(path.read_text(encoding="utf-8"))


def table_order(path: Path) -> tuple[str, float, str]:
    """Sorts by paper, then its numbered tables by number, then whatever was derived from it."""
    number = re.fullmatch(r"table(\d+)", path.stem)
    return path.parent.name, float(number[1]) if number else math.inf, path.stem


def weights_title(weights: str) -> str:
    """`published (ntire2022)` or `trained here (quick, seed 0)`."""
    if not summary.is_trained(weights):
        return f"published ({weights.removeprefix('published-')})"
    preset, _, seed = weights.rpartition("-seed")
    return f"trained here ({preset}, seed {seed})" if preset else f"trained here ({weights})"


def _errata() -> list[dict[str, str]]:
    """The papers' known errors, with the paper's name."""
    rows = []
    for path in sorted(layout.published_tables().glob("*/errata.csv")):
        with path.open(newline="", encoding="utf-8") as file:
            rows += [{"paper": path.parent.name, **row} for row in csv.DictReader(file)]
    return rows


def _reference(paths: Sequence[Path]) -> list[Device]:
    folders: dict[str, list[Path]] = defaultdict(list)
    for path in paths:
        folders[path.parent.name].append(path)
    devices = []
    for name, files in sorted(folders.items()):
        means = summary.means(summary.load(files))
        devices.append(Device(name, quality_tables(means), cost_rows(means), origin(files)))
    return devices

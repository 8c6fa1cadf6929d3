"""Putting the page together."""

import math
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from resolute import measurements
from resolute.core import atomic, layout, strict_json
from resolute.core.errors import ResoluteError
from resolute.measurements import titles
from resolute.published import Verdict
from resolute.published.results import read_results
from resolute.report import words
from resolute.report.choice import choices, limits
from resolute.report.cost import CostRow, cost_rows, shown_columns
from resolute.report.drawing import drawing
from resolute.report.embed import embed
from resolute.report.findings import findings
from resolute.report.handed import figure_data, table
from resolute.report.operating import panel
from resolute.report.origin import Origin, commit, origin
from resolute.report.published import errata, published
from resolute.report.quality import QualityTable, quality_tables
from resolute.report.scales import scale_panels
from resolute.report.stages import graph
from resolute.report.training import SPENT, caveat, trainings

FOLDER = Path(__file__).parent
# Figures that the page shows as they are, if only without scripts.
STATIC = ("psnr_", "patch_", "training_", "routing_", "shares_", "curve_", "gain_")
SCRIPTS = (
    "colours",
    "choose",
    "training",
    "patches",
    "compare",
    "settings",
    "tables",
    "folds",
)  # in the order in which they are to run


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
        params: the whole configuration, shown as it is.
        measured: the measurement files of the runs.
        tables: HTML fragments of the stage `tables`; a paper's numbered tables are shown first.
        figures: SVG and JSON files of the stage `figures`, shown in this order. Charts and comparisons are drawn anew
            from the JSON files; the SVG files of the same names are what a reader without scripts sees.
        reference: measurement files `data/reference/<device>/*.parquet` from other devices.

    Raises:
        ResoluteError: a file is not there, or is damaged.
    """
    for path in (*tables, *figures, layout.results_file()):
        if not path.is_file():
            name = layout.relative(path)
            raise ResoluteError(f"{name} is not there: `snakemake --cores all {name}` makes it")
    rows = measurements.read(*measured)
    means = _means(rows)
    quality, costs = quality_tables(means), cost_rows(means)
    ordered = sorted(tables, key=table_order)
    printed = published(ordered, read_results(layout.results_file()))
    judged = {(one.paper, one.table): one for one in printed}
    protocol = params["figures"]["protocol"]
    trained = trainings(params, _data(figures, "training_"))
    stages = graph([*measured, *tables, *figures])
    page = (
        _environment()
        .get_template("index.html.jinja")
        .render(
            params=params,
            config=yaml.safe_dump(dict(params), sort_keys=False, allow_unicode=True),
            findings=findings(quality, costs, printed, protocol),
            published=printed,
            verdict_names=[verdict.value for verdict in Verdict],
            errata=errata(),
            choices=choices(quality, costs, protocol),
            limits=limits(),
            quality=quality,
            costs=costs,
            tables=[(table(path), judged.get((path.parent.name, path.stem))) for path in ordered],
            figures=[embed(path) for path in figures if path.suffix == ".svg" and path.stem.startswith(STATIC)],
            histograms=_data(figures, "patch_difficulty_"),
            trainings=trained,
            curves=[{key: value for key, value in one.items() if key not in SPENT} for one in trained],
            caveat=caveat(params, quality, rows),
            scales=scale_panels(quality, costs, protocol),
            panels=[panel(data) for data in _data(figures, "settings_")],
            comparisons=_data(figures, "comparison_"),
            reference=_reference(reference),
            origin=origin(measured),
            timing=titles.timing(measured),
            devices=sorted(set(means["device"]) - {""}),
            trained_on=_trained_on(rows),
            commit=commit(),
            appendix=layout.report().with_name("snakemake.html").is_file(),
            graph=stages,
            drawing=drawing(stages) if stages.stages else "",
            style=_part("style.css") + _part("widgets.css"),
            plotly=_plotly(),
            scripts=[_part(f"scripts/{name}.js") for name in SCRIPTS],
        )
    )
    atomic.write(layout.report(), page)


def _means(rows: pd.DataFrame) -> pd.DataFrame:
    return measurements.over_seeds(measurements.at_own_size(measurements.means(rows)))


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.policies["json.dumps_function"] = strict_json.dumps
    environment.filters["dataset_title"] = titles.dataset_title
    environment.filters["method_title"] = titles.method_title
    environment.filters["shown_columns"] = shown_columns
    environment.filters["signed"] = words.signed
    environment.filters["duration"] = words.duration
    environment.filters["energy"] = words.energy
    environment.filters["equal_words"] = titles.equal_words
    environment.filters["sum_values"] = lambda counts: sum(counts.values())
    environment.filters["protocol_words"] = words.protocol_words
    environment.filters["weights_title"] = words.weights_title
    environment.filters["with_spread"] = words.with_spread
    return environment


def _part(name: str) -> Markup:
    """A style sheet or script of this package."""
    return Markup((FOLDER / name).read_text(encoding="utf-8"))


def _plotly() -> Markup:
    """The library that draws the charts, whole: the page asks nobody for it."""
    from plotly.offline import get_plotlyjs

    return Markup(get_plotlyjs())


def _data(figures: Sequence[Path], prefix: str) -> list[dict[str, Any]]:
    """The data of the figures of a kind, with the figure's name."""
    return [figure_data(path) for path in figures if path.suffix == ".json" and path.stem.startswith(prefix)]


def _trained_on(rows: pd.DataFrame) -> list[str]:
    """The devices whose rounding is in the quality of what was trained here."""
    trained = rows[rows["weights"].map(measurements.is_trained).astype(bool)]
    return sorted(set(trained["device"]) - {""})


def table_order(path: Path) -> tuple[str, float, str]:
    """Sorts by paper, then its numbered tables by number, then whatever was derived from it."""
    number = re.match(r"table(\d+)", path.stem)
    return path.parent.name, float(number[1]) if number else math.inf, path.stem


def _reference(paths: Sequence[Path]) -> list[Device]:
    folders: dict[str, list[Path]] = defaultdict(list)
    for path in paths:
        folders[path.parent.name].append(path)
    devices = []
    for name, files in sorted(folders.items()):
        means = _means(measurements.read(*files))
        devices.append(Device(name, quality_tables(means), cost_rows(means), origin(files)))
    return devices

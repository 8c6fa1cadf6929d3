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
from markupsafe import Markup

from resolute import measurements
from resolute.core import atomic, layout
from resolute.core.errors import ResoluteError
from resolute.measurements import titles
from resolute.pages.cost import CostRow, cost_rows
from resolute.pages.environment import SORTING, STYLE, environment, part
from resolute.pages.errata import errata
from resolute.pages.handed import figure_data, table
from resolute.pages.origin import Origin, commit, origin
from resolute.pages.place import site
from resolute.published import Verdict
from resolute.published.results import read_results
from resolute.report.choice import choices, limits
from resolute.report.drawing import drawing
from resolute.report.embed import embed
from resolute.report.findings import findings
from resolute.report.gpu import gpus
from resolute.report.operating import panel
from resolute.report.published import published
from resolute.report.quality import QualityTable, quality_tables
from resolute.report.scales import scale_panels
from resolute.report.stages import graph
from resolute.report.training import SPENT, caveat, trainings

FOLDER = Path(__file__).parent
# Figures that the page shows as they are, if only without scripts.
STATIC = ("psnr_", "patch_", "training_", "routing_", "shares_", "curve_", "classes_", "gain_", "lineage_")
MOST = 12  # methods of a comparison on the page: all of a thousand would be a hundred megabytes
SCRIPTS = (
    *(FOLDER / f"scripts/{name}.js" for name in ("colours", "choose", "training", "patches", "compare", "settings")),
    SORTING,
    FOLDER / "scripts/folds.js",
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
        reference: measurement files `data/reference/<device>/*.parquet` from other devices, those of GPUs included.

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
    of_gpus = [path for path in reference if path in layout.gpu_files()]
    stages = graph([*measured, *tables, *figures])
    page = (
        environment(FOLDER)
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
            comparisons=[_best(one) for one in _data(figures, "comparison_")],
            lineages=_data(figures, "lineage_"),
            reference=_reference([path for path in reference if path not in of_gpus]),
            gpus=gpus(of_gpus),
            origin=origin(measured),
            timing=titles.timing(measured),
            devices=sorted(set(means["device"]) - {""}),
            trained_on=_trained_on(rows),
            unscored=[name for name in params["data"]["test"] if not titles.has_originals(name)],
            commit=commit(),
            appendix=layout.report().with_name("snakemake.html").is_file(),
            site=(site() / "index.html").is_file(),
            graph=stages,
            drawing=drawing(stages) if stages.stages else "",
            style=Markup().join(map(part, (*STYLE, FOLDER / "widgets.css"))),
            plotly=_plotly(),
            scripts=[part(path) for path in SCRIPTS],
        )
    )
    atomic.write(layout.report(), page)


def _means(rows: pd.DataFrame) -> pd.DataFrame:
    return measurements.over_seeds(measurements.at_own_size(measurements.means(rows)))


def _plotly() -> Markup:
    """The library that draws the charts, whole: the page asks nobody for it."""
    from plotly.offline import get_plotlyjs

    return Markup(get_plotlyjs())


def _data(figures: Sequence[Path], prefix: str) -> list[dict[str, Any]]:
    """The data of the figures of a kind, with the figure's name."""
    return [figure_data(path) for path in figures if path.suffix == ".json" and path.stem.startswith(prefix)]


def _best(comparison: Mapping[str, Any]) -> dict[str, Any]:
    """A comparison with its best methods, which are its first views, and how many it is of."""
    views = comparison["views"]
    return {**comparison, "views": views[:MOST], "methods": len(views)}


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

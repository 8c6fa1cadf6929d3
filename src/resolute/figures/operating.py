"""Drawing and writing what shows dynamic methods at work: curves, classes, gains, and settings on an image."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from resolute import measurements, registry
from resolute.core.layout import Run
from resolute.core.reading import reading, remade_by
from resolute.figures.classes import over_classes
from resolute.figures.curves import curves
from resolute.figures.gains import gains
from resolute.figures.settings import Experts, OperatingPoint, as_data, caption, maps
from resolute.figures.style import save, save_data, style
from resolute.images.files import read_image, to_rgb
from resolute.images.imresize import crop_to_multiple
from resolute.images.zipped import unzip_image
from resolute.measurements import titles


@dataclass(frozen=True)
class Shown:
    """An image of a data set that shows the settings of a run.

    Attributes:
        file: the HR image, or the LR image where it has no original: there is no PSNR then.
        points: the measured operating points; routes: the archive of their maps; quality: of the run on the data set.
    """

    run: Run
    dataset: str
    image: str
    file: Path
    points: Path
    routes: Path
    quality: Path
    has_original: bool = True


def draw_curves(dataset: str, scale: float, measured: Sequence[Path], protocol: str) -> None:
    """Write `curve_<dataset>-x<scale>`: the settings of dynamic methods between other networks.

    Raises:
        ResoluteError: a file is not there.
    """
    means = _means(measured)
    with style():
        drawn = curves(means, protocol, dataset, scale)
        save(f"curve_{dataset}-x{scale:g}", f"Settings on {titles.dataset_title(dataset)}, x{scale:g}", *drawn)


def draw_classes(
    name: str, methods: Sequence[str], dataset: str, scale: float, measured: Sequence[Path], protocol: str
) -> None:
    """Write `classes_<name>`: a network against the number of classes that its patches fall into.

    Raises:
        ResoluteError: a file is not there.
    """
    means = _means(measured)
    with style():
        drawn = over_classes(means, methods, protocol, dataset, scale)
        save(f"classes_{name}", "Quality and cost against the number of classes", *drawn)


def draw_gains(name: str, of: str, over: str, dataset: str, scale: float, measured: Sequence[Path]) -> None:
    """Write `gain_<name>`: what a method gains over another on patches of each difficulty.

    Raises:
        ResoluteError: a file is not there, or the two cannot be compared.
    """
    rows = measurements.read(*measured)
    rows = rows[(rows["dataset"] == dataset) & (rows["scale"] == scale)]
    with style():
        save(f"gain_{name}", "Gain by difficulty of the patches", *gains(rows, of, over, dataset, scale))


def draw_settings(name: str, shown: Shown, protocol: str) -> None:
    """Write `settings_<name>`: which experts a run chooses where at each setting, and the same as JSON.

    Args:
        name: of the figure.
        shown: the image and what was measured on it.
        protocol: of the PSNRs.

    Raises:
        ResoluteError: a file is not there or damaged, or lacks a setting of the method.
    """
    run, image = shown.run, read_image(shown.file)
    photograph = to_rgb(crop_to_multiple(image, run.scale) if shown.has_original else image)
    protocol = protocol if shown.has_original else ""
    experts, points = operating_points(shown, protocol)
    title = f"{titles.method_title(run.method)}, x{run.scale:g}, {run.weights}"
    subject = f"{shown.image} ({titles.dataset_title(shown.dataset)}, x{run.scale:g})"
    timing = titles.timing([shown.points])
    with style():
        figure = maps(photograph, experts, points)
        save(f"settings_{name}", f"Settings of {title}", figure, caption(subject, title, protocol, timing))
    described = {"title": titles.method_title(run.method), "weights": run.weights, "subject": subject}
    data = {
        **described,
        "protocol": protocol,
        "timing": timing,
        "default": registry.entry(run.method).setting(),
        **as_data(photograph, experts, points),
    }
    save_data(f"settings_{name}", data)


def operating_points(shown: Shown, protocol: str) -> tuple[Experts, list[OperatingPoint]]:
    """The experts of a run and its settings on an image, the cheapest first; without a protocol, without PSNRs."""
    entry = registry.entry(shown.run.method)
    taken, quality = (_of_image(path, shown.image) for path in (shown.points, shown.quality))
    found = []
    with reading(shown.points):
        experts = Experts(entry.experts, [_value(taken, entry.setting(), f"macs_{expert}") for expert in entry.experts])
        seconds = {setting: _value(taken, setting, "seconds") for setting in entry.settings}
    for setting in entry.settings:
        with reading(shown.quality):
            psnr = _value(quality[quality["protocol"] == protocol], setting, "psnr") if protocol else math.nan
            macs = _value(quality, setting, "macs")
        own = quality[quality["setting"] == setting].groupby("metric")["value"].sum()
        chosen = [int(own.get(f"chosen_{expert}", 0)) for expert in entry.experts]
        routes = _routes(shown, setting, len(entry.experts))
        found.append(
            OperatingPoint(setting, routes, chosen, psnr if math.isfinite(psnr) else None, macs, seconds[setting])
        )
    return experts, sorted(found, key=lambda point: point.macs)


def _means(measured: Sequence[Path]) -> pd.DataFrame:
    return measurements.over_seeds(measurements.at_own_size(measurements.means(measurements.read(*measured))))


def _of_image(path: Path, image: str) -> pd.DataFrame:
    rows = measurements.read(path)
    return rows[rows["image"] == image]


def _value(rows: pd.DataFrame, setting: str, metric: str) -> float:
    own = rows.loc[(rows["setting"] == setting) & (rows["metric"] == metric), "value"]
    if own.empty:
        raise ValueError(f"it has no {metric} of the image at {setting}")
    return float(own.iloc[0])


def _routes(shown: Shown, setting: str, experts: int) -> np.ndarray:
    routes: Any = unzip_image(shown.routes, f"{setting}/{shown.image}", remade_by(shown.routes))[..., 0]
    with reading(shown.routes):
        if routes.max() >= experts:
            raise ValueError(f"its map of '{shown.image}' has experts that there are not")
    return np.asarray(routes)

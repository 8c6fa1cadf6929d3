"""The operating points of a dynamic method on a few images: the time of each, and which expert took which pixel."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from resolute import datasets, measurements, methods, registry
from resolute.core import devices, layout
from resolute.core.errors import ResoluteError
from resolute.images.files import read_image, to_rgb
from resolute.images.zipped import zip_images
from resolute.methods import weights as weight_files
from resolute.methods.upscaled import Upscaler

LONGEST = 640  # pixels of a map's side: as large as figures show a photograph

Maps = dict[str, np.ndarray]
"""By `map_name`, the number of the expert that each LR or SR pixel took, as `Upscaled.routes`."""


def map_name(image: str, setting: str) -> str:
    """The name of a map in the archive of a run and data set."""
    return f"{setting}/{image}"


def operating_points(
    run: layout.Run, dataset: str, images: Sequence[str], runs: int = 3, threads: int = 0
) -> tuple[list[dict[str, Any]], Maps, dict[str, Any]]:
    """Upscale images at every setting of a method, alone on the machine.

    Args:
        run: of a method with settings.
        dataset: whose test images they are; their LR images lie ready.
        images: their names.
        runs: timed upscalings after the first, the best of which counts.
        threads: CPU threads; 0 leaves the choice to torch.

    Returns:
        Rows of the long form, the maps, and how the times were taken. A row has the `seconds` of an image at a setting,
        from the LR pixels in memory to the SR pixels in memory, or (at the default one) what it would cost by one
        expert alone: `macs_<expert>`.

    Raises:
        ResoluteError: weights or images are missing or broken, or the method does not say what was chosen where.
    """
    weights, entry = registry.weights_of(run), registry.entry(run.method)
    path = layout.weights(weights)
    devices.claim_gpus(1)
    device = devices.accelerator()
    if device == "cpu":
        devices.claim_cpu(alone=True)
        torch.set_num_threads(threads or torch.get_num_threads())
    lr = {name: to_rgb(read_image(_lr_image(dataset, name, run.scale))) for name in images}
    described: dict[str, Any] = {
        "source": "measured",
        "method": run.method,
        "weights": run.weights,
        "seed": weights.seed,
    }
    described |= {"dataset": dataset, "scale": run.scale}
    rows: list[dict[str, Any]] = []
    maps: Maps = {}
    with weight_files.unchanged(path) as sha256:
        for setting in entry.settings:
            upscale = methods.upscaler(run.method, run.scale, path, device, setting)
            for name, pixels in lr.items():
                upscaled = upscale(pixels)
                if upscaled.routes is None:
                    raise ResoluteError(f"{run.method} does not say which expert a pixel took: it has no map to show")
                maps[map_name(name, setting)] = thinned(upscaled.routes)
                seconds = {"metric": "seconds", "value": _best(upscale, pixels, runs), "unit": "s"}
                seconds |= {"device": devices.device_name(device)}
                rows.append({**described, "image": name, "setting": setting, **seconds})
                if setting == entry.settings[0]:
                    costs = {f"macs_{expert}": float(macs) for expert, macs in upscaled.costs.items()}
                    counted = [{"metric": metric, "protocol": "macs", "value": macs} for metric, macs in costs.items()]
                    rows += [{**described, "image": name, "setting": setting, **row} for row in counted]
    threads_used = torch.get_num_threads() if device == "cpu" else None
    timing = {"device": devices.device_name(device), "threads": threads_used, "precision": "float32"}
    return rows, maps, {**timing, "weights_sha256": sha256}


def write_points(
    rows: Sequence[Mapping[str, Any]], maps: Maps, run: layout.Run, dataset: str, **timing: Any
) -> list[Path]:
    """Keep the rows as `reports/measurements/settings/<run>/<dataset>.parquet`, the maps as
    `reports/routes/<run>/<dataset>.zip`."""
    kept, archive = layout.operating_points(run, dataset), layout.routes(run, dataset)
    measurements.write(kept, rows, run=str(run), dataset=dataset, **timing)
    zip_images(archive, maps)
    return [kept, archive]


def thinned(routes: np.ndarray) -> np.ndarray:
    """A map no longer than `LONGEST`: of a larger one every second pixel, every third, and so on, as it is."""
    step = -(-max(routes.shape) // LONGEST)
    return routes[::step, ::step]


def _lr_image(dataset: str, name: str, scale: float) -> Path:
    found = {image.name: image.path for image in datasets.lr_images(dataset, datasets.test_split(dataset), scale)}
    if name not in found:
        known = ", ".join(list(found)[:10])
        raise ResoluteError(f"figures.settings: {dataset} has no test image '{name}': it has {known}")
    return found[name]


def _best(upscale: Upscaler, lr: np.ndarray, runs: int) -> float:
    """Wall seconds of the quickest of several upscalings; the SR pixels come back to memory, so a GPU is waited for."""
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        upscale(lr)
        times.append(time.perf_counter() - start)
    return min(times)

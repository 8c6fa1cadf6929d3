"""Measuring a set of weights on a data set, and the rows of the long form that become of it."""

import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np

from resolute import datasets, measurements, methods, registry
from resolute.core import devices, layout, strict_json
from resolute.core.errors import ResoluteError
from resolute.core.provenance import file_sha256
from resolute.datasets import HRImage, LRImage
from resolute.evaluate.categories import Categories
from resolute.evaluate.official import output_error
from resolute.images.files import read_image, to_rgb
from resolute.images.gradients import gradient_magnitude
from resolute.images.imresize import crop_to_multiple
from resolute.images.zipped import zipping
from resolute.methods import weights as weight_files
from resolute.methods.upscaled import Upscaled, Upscaler
from resolute.metrics.means import mean, means
from resolute.metrics.protocols import measure

UNITS = {"psnr": "dB"}
OUTPUT_ERROR, SR_PIXELS = "output_error", "sr_pixels"
OF_IMAGES = (SR_PIXELS, "macs", "macs_full", "flops", "difficulty")  # whatever the protocol of the PSNR
OF_WEIGHTS = ("weights_sha256", "weights_origin")  # kept once for all rows


def evaluate(
    run: layout.Run,
    dataset: str,
    protocols: Sequence[str],
    on_image: Callable[[str, np.ndarray], object] | None = None,
    setting: str = "",
) -> list[dict[str, Any]]:
    """Measure a method with its weights on the test split of a data set; where this has no originals, without scores.

    Args:
        run: of a method of the registry.
        dataset: a data set whose images lie ready.
        protocols: names of `resolute.metrics.protocols.PROTOCOLS`.
        on_image: called with the name and the SR pixels (H x W x 3, 0..255, any dtype) of every image.
        setting: an operating point of a dynamic method; the default where it is empty.

    Returns:
        Rows of the long form: one per image, protocol and metric, with the `weights_sha256` of the file that was
        measured (empty where there is none) and the `weights_origin` of published ones. The infinite PSNR of an image
        that equals its original is NaN. Of published weights also their `output_error`, where an official output is
        kept (`resolute.evaluate.official`).
        Of a dynamic method, image by image, also its `macs` and its `macs_full` by the costliest way, how often each
        expert is `chosen_<expert>` at each place, its `flops` as the paper counts them (of its patches, where it is
        cut), and the `difficulty` of the LR image. Of the data set as a whole the `psnr_category<k>` of its easiest to
        its hardest patches (`resolute.evaluate.categories`). Where there are no originals, the `sr_pixels` of every
        image, how many were made of it, in the place of what is told by them.

    Raises:
        ResoluteError: weights or images are missing, broken, or too small for the network, or it gives no numbers.
    """
    method, scale, weights = run.method, run.scale, registry.weights_of(run)
    entry, path = registry.entry(method), layout.weights(weights)
    setting = entry.setting(setting)
    devices.claim_gpus(1)
    device = devices.accelerator()
    has_weights = entry.trainable
    with weight_files.unchanged(path) if has_weights else nullcontext("") as sha256:
        upscale = methods.upscaler(method, scale, path if has_weights else None, device, setting)
        trained = weight_files.read_provenance(path) if has_weights else {}
    described = {
        "source": "measured",
        "method": method,
        "weights": run.weights,
        "weights_sha256": sha256,
        "weights_origin": _origin(trained),
        "seed": weights.seed,
        "training_data": trained.get("training_data", ""),
        "recipe": _recipe(trained.get("departures")),
        "setting": setting,
        "dataset": dataset,
        "scale": scale,
        "device": devices.device_name(device),
    }
    rows = []
    # An official output is of the first published weights, at the default setting.
    if entry.published and run.weights == f"published-{entry.tag()}" and setting == entry.setting():
        rows += _function(method, scale, upscale, described)
    categories = Categories(scale)
    for lr_image, hr_image in _pairs(dataset, scale):
        lr = read_image(lr_image.path)
        try:
            upscaled = methods.check_finite(upscale(to_rgb(lr)), method)
        except ResoluteError as error:
            raise ResoluteError(f"{dataset}/{lr_image.name} at x{scale:g}: {error}") from None
        sr = upscaled.sr
        if on_image:
            on_image(lr_image.name, sr)
        if hr_image:
            hr = _cropped(read_image(hr_image.path), scale, sr.shape)
            categories.add(lr, sr, hr)
            found = _scores(sr, hr, scale, protocols)
        else:
            found = [{"metric": SR_PIXELS, "value": float(sr.shape[0] * sr.shape[1])}]
        rows += [{**described, "image": lr_image.name, **row} for row in (*found, *_spent(lr, upscaled))]
    return rows + [{**described, "image": "", "protocol": "", **row} for row in categories.rows()]


def write_rows(rows: Sequence[dict[str, Any]], run: layout.Run, dataset: str, images: Path) -> Path:
    """Keep the rows of a run on a data set as `reports/measurements/quality/<run>/<dataset>.parquet`.

    Args:
        images: what `keeping` has made of the same run: its checksum goes into the provenance.
    """
    target = layout.quality(run, dataset)
    kept = [{key: value for key, value in row.items() if key not in OF_WEIGHTS} for row in rows]
    facts = {"images_sha256": file_sha256(images), **{key: rows[0][key] for key in OF_WEIGHTS}}
    measurements.write(target, kept, run=str(run), dataset=dataset, **facts)
    return target


def _origin(facts: Mapping[str, Any]) -> str:
    """Of published weights, the file that they are from and what it was known by."""
    if not all(isinstance(facts.get(name), str) for name in ("url", "known_by", "sha256")):
        return ""
    known_by = f"{facts['url']}, known by its {facts['known_by']}"
    return known_by if facts["sha256"] in known_by else f"{known_by}; its sha256 is {facts['sha256']}"


@contextmanager
def keeping(run: layout.Run, dataset: str, names: Collection[str]) -> Iterator[Callable[[str, np.ndarray], None]]:
    """Yields what keeps an SR image, if it is one of some names, in `reports/sr/<run>/<dataset>.zip`, rounded to uint8.

    Where the data set has no originals, all of its images are kept: they are what the run is for.
    """
    has_originals = datasets.entry(dataset).has_originals
    with zipping(layout.sr_images(run, dataset)) as add:

        def keep(name: str, sr: np.ndarray) -> None:
            if name in names or not has_originals:
                add(name, np.rint(sr.clip(0, 255)).astype(np.uint8))

        yield keep


def summarise(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The rows of one operating point as one JSON object: means per protocol, and the values of every image.

    A mean PSNR is over the images whose PSNR is finite; `equal_images` counts the others. What is not finite is None.
    """
    first = rows[0]
    images: dict[str, dict[str, Any]] = {}
    described = {key: first[key] for key in ("method", "weights", "setting", "dataset", "scale", "device")}
    for row in rows:
        if row["metric"] == OUTPUT_ERROR:
            described[OUTPUT_ERROR] = row["value"]
            continue
        if not row["image"]:
            continue
        image = images.setdefault(row["image"], {"image": row["image"], "protocols": {}})
        if row.get("place"):
            times = image.setdefault("chosen", {}).setdefault(row["place"], {})
            times[row["metric"].removeprefix("chosen_")] = int(row["value"])
        elif row["metric"] in OF_IMAGES:
            image[row["metric"]] = row["value"]
        else:
            image["protocols"].setdefault(row["protocol"], {})[row["metric"]] = row["value"]
    for metric in ("macs", "macs_full"):
        if metric in next(iter(images.values())):
            described[metric] = mean([image[metric] for image in images.values()])
    protocols = means([image["protocols"] for image in images.values()])
    return strict_json.finite({**described, "protocols": protocols, "images": list(images.values())})


def _function(method: str, scale: float, upscale: Upscaler, described: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Whether the network computes what the official one does, as a row."""
    error = output_error(method, scale, upscale)
    return [] if error is None else [{**described, "metric": OUTPUT_ERROR, "value": error, "unit": "ppm"}]


def _recipe(departures: Sequence[str] | None) -> str:
    """What `train` recorded, as measurements carry it; empty where nothing did."""
    if departures is None:
        return ""
    return f"other {' and '.join(departures)}" if departures else "paper"


def _scores(sr: np.ndarray, hr: np.ndarray, scale: float, protocols: Sequence[str]) -> list[dict[str, Any]]:
    return [
        {
            "protocol": protocol,
            "metric": metric,
            "value": value if math.isfinite(value) else math.nan,
            "unit": UNITS.get(metric, ""),
        }
        for protocol in protocols
        for metric, value in measure(sr, hr, scale, protocol).items()
    ]


def _spent(lr: np.ndarray, upscaled: Upscaled) -> list[dict[str, Any]]:
    """What an image took of a dynamic method, and how hard it is by the measure that patches are sorted by."""
    if upscaled.macs is None or upscaled.full_macs is None:
        return []
    magnitude = gradient_magnitude(lr)
    flops, counted = upscaled.paper_flops, "flops_patches" if "patches" in upscaled.chosen else "flops_per_image"
    chosen = [
        {"place": place, "metric": f"chosen_{expert}", "value": float(times)}
        for place, experts in upscaled.chosen.items()
        for expert, times in experts.items()
    ]
    return [
        *chosen,
        {"metric": "macs", "protocol": "macs", "value": float(upscaled.macs)},
        {"metric": "macs_full", "protocol": "macs", "value": float(upscaled.full_macs)},
        *([] if flops is None else [{"metric": "flops", "protocol": counted, "value": flops}]),
        {"metric": "difficulty", "value": float(magnitude.mean() + magnitude.std())},
    ]


def _pairs(dataset: str, scale: float) -> list[tuple[LRImage, HRImage | None]]:
    """The LR images, each with its original, if the data set has any."""
    split = datasets.test_split(dataset)
    if not datasets.entry(dataset).has_originals:
        return [(lr, None) for lr in datasets.lr_images(dataset, split, scale)]
    hr, lr = datasets.images(dataset, split, scale), datasets.lr_images(dataset, split, scale)
    return list(zip(lr, hr, strict=True))


def _cropped(hr: np.ndarray, scale: float, shape: tuple[int, ...]) -> np.ndarray:
    cropped = crop_to_multiple(hr, scale)
    if cropped.shape[:2] != shape[:2]:
        raise ResoluteError(
            f"SR is {shape[1]}x{shape[0]}, HR is {cropped.shape[1]}x{cropped.shape[0]}: LR and HR do not fit"
        )
    return cropped

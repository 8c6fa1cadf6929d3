"""What tables, figures and report all ask of the measurements: means over images, and names to show."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from resolute import datasets, measurements, registry

Record = Mapping[str, Any]
"""One row of the long form."""
Key = tuple[str, str, str, str, float]

BASELINE = "bicubic"
EQUAL = "equal_images"


def load(paths: Iterable[Path]) -> pd.DataFrame:
    """The rows of measurement files, in the long form.

    Raises:
        ResoluteError: a file is not there, is damaged, or was changed since.
    """
    return measurements.read(*paths)


def means(rows: pd.DataFrame) -> pd.DataFrame:
    """The long form with the images averaged: one row per run, data set, protocol and metric.

    The arithmetic mean of the per-image values (dB for PSNR), as the papers' tables have it. An image that equals its
    original has an infinite PSNR and no part in the mean, which is null where there is no other; a further column,
    `equal_images`, counts them.
    """
    keys = [name for name in measurements.COLUMNS.names if name not in ("image", "value")]
    counted = rows.assign(**{EQUAL: (rows["metric"] == "psnr") & rows["value"].isna()})
    groups = counted.groupby(keys, dropna=False, sort=False, as_index=False)
    averaged = groups.agg(value=("value", "mean"), **{EQUAL: (EQUAL, "sum")})
    return averaged.assign(image="")[[*measurements.COLUMNS.names, EQUAL]]


def timing(paths: Iterable[Path]) -> str:
    """How the latencies of measurement files were taken, as they record it: `Intel Xeon, 2 threads, float32`.

    Several ways are separated by semicolons; none, where nothing was timed, are empty.
    """
    recorded = [facts for facts in map(measurements.read_provenance, paths) if "precision" in facts]
    return "; ".join(sorted({_timed(facts) for facts in recorded}))


def _timed(facts: Mapping[str, Any]) -> str:
    threads = facts.get("threads")
    count = [f"{threads} thread{'' if threads == 1 else 's'}"] if threads else []
    return ", ".join([facts["device"], *count, facts["precision"]])


def over_seeds(means: pd.DataFrame) -> pd.DataFrame:
    """The means with trainings that differ by their seed alone as one row: `weights` is then the preset.

    In the place of `seed` and `image` there are `seeds`, how many runs a row stands for, and `spread`, the sample
    standard deviation of their values (null for fewer than two); `equal_images` is the sum over them.
    """
    keys = [name for name in measurements.COLUMNS.names if name not in ("seed", "image", "device", "value")]
    preset = means["weights"].str.replace(r"-seed\d+$", "", regex=True)
    groups = means.assign(weights=preset).groupby(keys, dropna=False, sort=False, as_index=False)
    return groups.agg(
        value=("value", "mean"),
        spread=("value", "std"),
        seeds=("value", "size"),
        **{EQUAL: (EQUAL, "sum")},
        device=("device", lambda devices: ", ".join(sorted(set(devices) - {""}))),
    )


def at_own_size(means: pd.DataFrame) -> pd.DataFrame:
    """The means without the costs that are counted again for the output size of papers' tables.

    Parameters, which have no size, stand with the costs of the LR size that the params ask for; a method without them
    keeps all of its costs.
    """
    own: dict[tuple[str, float], set[str]] = defaultdict(set)
    for record in records(means[means["metric"] == "params"]):
        own[record["method"], record["scale"]].add(record["lr_size"])
    kept = [
        not is_cost(record) or record["lr_size"] in own.get((record["method"], record["scale"]), {record["lr_size"]})
        for record in records(means)
    ]
    return means[pd.Series(kept, index=means.index, dtype=bool)]


def shares(means: pd.DataFrame) -> dict[Key, float]:
    """What dynamic methods take of the multiply-adds of their costliest way (0 to 1), over the images of a data set.

    Returns:
        By `key` of what was measured.
    """
    spent = records(means[means["metric"].isin(["macs", "macs_full"]) & (means["dataset"] != "")])
    full = {key(record): record["value"] for record in spent if record["metric"] == "macs_full"}
    return {key(record): record["value"] / full[key(record)] for record in spent if record["metric"] == "macs"}


def key(record: Record) -> Key:
    """What a quality is of: method, weights, setting, data set and scale. Two of them are never one."""
    return record["method"], record["weights"], record["setting"], record["dataset"], record["scale"]


def records(rows: pd.DataFrame) -> list[Record]:
    """The rows as plain mappings from column to value."""
    return [{str(name): value for name, value in record.items()} for record in rows.to_dict("records")]


def is_infinite(record: Record) -> bool:
    """Whether a mean is of images that all equal their originals."""
    return bool(record.get(EQUAL, 0)) and math.isnan(record["value"])


def equal_words(images: int) -> str:
    """`1 image that equals its original is left out of the mean`."""
    which = "image that equals its original is" if images == 1 else "images that equal their originals are"
    return f"{images} {which} left out of the mean"


def is_trained(weights: str) -> bool:
    """Whether a long form's `weights` were trained here: neither published nor none at all (costs)."""
    return weights != "" and not weights.startswith("published-")


def is_cost(record: Record) -> bool:
    """Whether a record is of the network alone, whatever its weights: counts, time, memory."""
    return record["weights"] == "" and record["dataset"] == ""


def method_title(method: str, setting: str = "") -> str:
    """The method's name as a reader knows it, with its operating point; the id itself where the registry lacks it."""
    title = registry.entry(method).title if method in registry.names() else method
    return f"{title}, {setting}" if setting else title


def dataset_title(dataset: str) -> str:
    """The data set's name as a reader knows it; the id itself where the registry lacks it."""
    return datasets.entry(dataset).title if dataset in datasets.names() else dataset

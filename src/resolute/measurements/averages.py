"""Means of the long form: over images, over seeds."""

from collections import defaultdict

import pandas as pd

from resolute.measurements.long_form import COLUMNS
from resolute.measurements.rows import EQUAL, Key, is_cost, key, records


def means(rows: pd.DataFrame) -> pd.DataFrame:
    """The long form with the images averaged: one row per run, data set, protocol and metric.

    The arithmetic mean of the per-image values (dB for PSNR), as the papers' tables have it. An image that equals its
    original has an infinite PSNR and no part in the mean, which is null where there is no other; a further column,
    `equal_images`, counts them.
    """
    keys = [name for name in COLUMNS.names if name not in ("image", "value")]
    counted = rows.assign(**{EQUAL: (rows["metric"] == "psnr") & rows["value"].isna()})
    groups = counted.groupby(keys, dropna=False, sort=False, as_index=False)
    averaged = groups.agg(value=("value", "mean"), **{EQUAL: (EQUAL, "sum")})
    return averaged.assign(image="")[[*COLUMNS.names, EQUAL]]


def over_seeds(means: pd.DataFrame) -> pd.DataFrame:
    """The means with trainings that differ by their seed alone as one row: `weights` is then the preset.

    In the place of `seed` and `image` there are `seeds`, how many runs a row stands for, and `spread`, the sample
    standard deviation of their values (null for fewer than two); `equal_images` is the sum over them.
    """
    keys = [name for name in COLUMNS.names if name not in ("seed", "image", "device", "value")]
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
    """The means without the costs that are counted again for the output sizes of papers' tables.

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


def over_patches(rows: pd.DataFrame) -> pd.DataFrame:
    """What methods that cut patches chose and took on a data set, over the grids' patches of all its images.

    Returns:
        One row per run, data set and setting, and expert: `patches`, how many took the expert that is its `place`; and
        one of `flops` by `flops_per_patch`, their mean as the method's paper counts them.
    """
    keys = [name for name in COLUMNS.names if name not in ("image", "value")]
    grid = rows[(rows["place"] == "patches") & rows["metric"].str.startswith("chosen_")]
    experts = grid["metric"].str.removeprefix("chosen_")
    taken = _summed(grid.assign(metric="patches", place=experts), keys)
    flops = _summed(rows[(rows["metric"] == "flops") & (rows["protocol"] == "flops_patches")], keys)
    times = {key(record): 0.0 for record in records(flops)}
    for record in records(taken):
        times[key(record)] = times.get(key(record), 0.0) + record["value"]
    mean = [record["value"] / times[key(record)] for record in records(flops)]
    return pd.concat([taken, flops.assign(protocol="flops_per_patch", value=mean)], ignore_index=True)


def over_pixels(rows: pd.DataFrame) -> pd.DataFrame:
    """What methods that route pixels chose on a data set.

    Returns:
        One row per run, data set and setting, and expert: `pixel_share`, the mean over the images of the part (0 to 1)
        of their pixels that took the expert that is its `place`.
    """
    taken = rows[(rows["place"] == "pixels") & rows["metric"].str.startswith("chosen_")]
    image = [name for name in COLUMNS.names if name not in ("metric", "value")]
    share = taken["value"] / taken.groupby(image, dropna=False)["value"].transform("sum")
    return means(taken.assign(metric="pixel_share", place=taken["metric"].str.removeprefix("chosen_"), value=share))


def _summed(rows: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    groups = rows.groupby(keys, dropna=False, sort=False, as_index=False)
    return groups.agg(value=("value", "sum")).assign(image="", **{EQUAL: 0})[[*COLUMNS.names, EQUAL]]


def shares(means: pd.DataFrame) -> dict[Key, float]:
    """What dynamic methods take of the multiply-adds of their costliest way (0 to 1), over the images of a data set.

    Returns:
        By `key` of what was measured.
    """
    spent = records(means[means["metric"].isin(["macs", "macs_full"]) & (means["dataset"] != "")])
    full = {key(record): record["value"] for record in spent if record["metric"] == "macs_full"}
    return {key(record): record["value"] / full[key(record)] for record in spent if record["metric"] == "macs"}

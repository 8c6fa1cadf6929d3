"""The HR images of a data set: brought from where its registry entry says, checked, put in their place."""

import os
import shutil
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from resolute.core import layout
from resolute.core.errors import ResoluteError
from resolute.core.provenance import file_sha256
from resolute.datasets import DataSet, HRImage, entry
from resolute.datasets.reader import write_images
from resolute.fetch.kinds import Arrival, arrive
from resolute.fetch.locks import lock
from resolute.images.files import read_image


def fetch_dataset(name: str, scales: Iterable[float] = (), splits: Iterable[str] = ()) -> Path:
    """Bring the HR images of a data set to `data/raw/<name>/` and write their manifest.

    Files that are already there and right are kept, wrong ones replaced, others in the folder removed.
    Nothing is put into the folder before all of it has arrived and could be decoded; what arrived before a
    failure waits in `data/raw/<name>.part/` for the next call.

    Args:
        name: a name of the registry.
        scales: only the files that these scales need, where a data set has HR images per scale; empty for its
            own least cropped ones.
        splits: only these splits; empty for those that are not optional.

    Returns:
        The manifest.

    Raises:
        ResoluteError: unknown data set or split, an image that is not to be had, is not the one on record or
            cannot be decoded, or a data set to be placed by hand that is not there (says what to put where).
    """
    dataset = entry(name)
    chosen = tuple(splits) or dataset.default_splits
    for split in chosen:
        dataset.split(split)
    staging = layout.raw_images(name).with_name(f"{name}.part")
    with lock(f"fetch-{name}"):
        arrivals = arrive(dataset, chosen, tuple(scales), staging)
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            found = list(pool.map(partial(_measured, dataset), arrivals))
        _put_in_place(name, arrivals)
        manifest = write_images(name, found)
        shutil.rmtree(staging, ignore_errors=True)
    return manifest


def _measured(dataset: DataSet, arrival: Arrival) -> HRImage:
    height, width = read_image(arrival.path).shape[:2]
    least = dataset.source.minimum_side
    if min(height, width) < least:
        what = f"{arrival.image} of {dataset.name} has {width}x{height} pixels instead of at least {least}"
        raise ResoluteError(f"{what}: {dataset.source.instruction}")
    return HRImage(
        name=arrival.image,
        split=arrival.split,
        path=layout.raw_images(dataset.name) / arrival.file,
        sha256=file_sha256(arrival.path),
        width=width,
        height=height,
        scale=arrival.scale,
    )


def _put_in_place(name: str, arrivals: Sequence[Arrival]) -> None:
    folder = layout.raw_images(name)
    layout.raw_manifest(name).unlink(missing_ok=True)  # who looks in meanwhile finds nothing, no mixture
    kept = {folder / arrival.file for arrival in arrivals}
    for arrival in arrivals:
        target = folder / arrival.file
        target.parent.mkdir(parents=True, exist_ok=True)
        arrival.path.replace(target)
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir():
            if not any(path.iterdir()):
                path.rmdir()
        elif path not in kept and not path.name.startswith("."):  # the engines' marks stay
            path.unlink()

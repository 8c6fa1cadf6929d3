"""LR images by the bicubic reduction that the data set's registry entry names, or those that came with it."""

import math
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from resolute.core import atomic, layout, records
from resolute.core.errors import ResoluteError
from resolute.core.locks import making
from resolute.core.provenance import file_sha256
from resolute.datasets import HRImage, LRImage, entry, fetched, lr_images
from resolute.datasets.reader import check_files, write_lr_images
from resolute.datasets.store import read_table
from resolute.degrade.reduce import reduced
from resolute.images.files import png_bytes, read_image


def degrade(dataset: str, scale: float, workers: int | None = None) -> Path:
    """Make the LR images of a data set, as `data/lr/<dataset>/x<scale>/<image>.png`, and their manifest.

    HR images are cropped to a multiple of the scale at the top left, then reduced; where LR images came with them,
    or alone, their pixels are taken as they are. The same images give the same bytes. The folder is put in place when
    all of it is made, or not at all. One process at a time makes it; who had to wait takes what is then there, if that
    is what it would make.

    Args:
        dataset: a name of the registry, whose images are here.
        scale: how much smaller the images become, at least 1, whole or not.
        workers: threads; as many as there are cores where it is not given.

    Returns:
        The manifest.

    Raises:
        ResoluteError: a scale below 1, or one that LR images came for but not this; images that are not here, are not
            those on record, are damaged, or smaller than the scale; something else in the place of the LR images.
    """
    if not 1 <= scale < math.inf:
        raise ResoluteError(f"x{scale:g} does not reduce anything: give a scale of at least 1")
    variant = entry(dataset).variant_at(scale)
    folder, manifest = layout.lr_images(dataset, scale), layout.lr_manifest(dataset, scale)
    with making(manifest) as waited:
        if waited and _is_made(dataset, scale):
            return manifest
        _check_place(folder)
        originals, given = fetched(dataset, scale=scale), _given(dataset, scale)
        listed = _listed(manifest)
        with atomic.writing_folder(folder, {*listed, ".snakemake_timestamp"}) as part:
            with ThreadPoolExecutor(workers or os.cpu_count()) as pool:
                made = list(pool.map(partial(_made, scale=scale, variant=variant, given=given, folder=part), originals))
            check_files(dataset, originals)  # another command may have replaced them meanwhile
            made = [replace(image, path=folder / image.path.name) for image in made]
            _check_are_ours([image for image in made if image.path.name not in listed])
            write_lr_images(dataset, scale, made)  # before the images: what lies in the folder is always listed
        for image in made:
            records.remember(image.path, image.sha256)
    return manifest


def _is_made(dataset: str, scale: float) -> bool:
    try:
        lr_images(dataset, "", scale)
    except ResoluteError:
        return False
    return True


def _listed(manifest: Path) -> set[str]:
    with suppress(ResoluteError):
        return {row["file"] for row in read_table(manifest, ("file",))}
    return set()


def _check_place(folder: Path) -> None:
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        kind = "link" if folder.is_symlink() else "file"
        raise ResoluteError(f"{layout.relative(folder)} is a {kind}, where LR images belong: move it away")


def _check_are_ours(made: Sequence[LRImage]) -> None:
    """Refuse to replace images that no list names and that this program has not written."""
    for image in made:
        if image.path.exists() and not (records.is_as_written(image.path) or _is(image)):
            name = layout.relative(image.path)
            raise ResoluteError(f"{name} was not made by resolute and would be replaced: move it away")


def _is(image: LRImage) -> bool:
    return image.path.is_file() and file_sha256(image.path) == image.sha256


def _given(dataset: str, scale: float) -> dict[str, Path]:
    """The files of the LR images that came with a data set, if any, by their names; each is the one on record."""
    folder, found = layout.given_lr(dataset, scale), dict[str, Path]()
    for file in entry(dataset).files("lr") if entry(dataset).source.lr else ():
        if file.scale == scale:
            found[file.image] = folder / f"{file.image}{Path(file.path).suffix}"
            records.verify(found[file.image], file.sha256, f"run `resolute fetch {dataset}`")
    return found


def _made(original: HRImage, scale: float, variant: str, given: Mapping[str, Path], folder: Path) -> LRImage:
    lr = read_image(given[original.name]) if given else _reduced(original, scale, variant)
    path = folder / f"{original.name}.png"
    path.write_bytes(png_bytes(lr))
    return LRImage(
        name=original.name,
        split=original.split,
        path=path,
        sha256=file_sha256(path),
        width=lr.shape[1],
        height=lr.shape[0],
        variant=variant,
        scale=scale,
        hr_sha256=original.sha256,
    )


def _reduced(original: HRImage, scale: float, variant: str) -> NDArray[np.uint8]:
    hr = read_image(original.path)
    if min(hr.shape[:2]) < scale:
        size = f"{original.width}x{original.height} pixels"
        raise ResoluteError(
            f"{layout.relative(original.path)} has {size}, too few for x{scale:g}: choose a smaller scale"
        )
    return reduced(hr, scale, variant)

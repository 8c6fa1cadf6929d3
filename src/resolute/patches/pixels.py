"""Packing a training set's pixels: the HR images once, the LR images once per scale."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from resolute import datasets
from resolute.core import atomic, layout, records, strict_json
from resolute.core.errors import ResoluteError
from resolute.core.locks import making
from resolute.core.provenance import provenance
from resolute.datasets import HRImage
from resolute.datasets.reader import StoredImage
from resolute.images import pack
from resolute.images.files import read_image, to_rgb


def pack_hr(dataset: str, splits: Sequence[str]) -> Path:
    """Write `data/patches/<dataset>/hr.npy`, the HR images that every scale trains on, and its contents `hr.json`.

    One process at a time makes them; who had to wait takes what is then there, if that is what it would make.

    Args:
        splits: the data set's splits to take.

    Returns:
        The contents.

    Raises:
        ResoluteError: images are missing, or have changed.
    """
    target = layout.hr_contents(dataset)
    settings = {"of": list(datasets.entry(dataset).parts), "splits": list(splits)}

    def stored() -> list[HRImage]:
        return [image for split in splits for image in datasets.images(dataset, split)]

    with making(target) as waited:
        found = stored()
        if waited and _is_packed(dataset, pack.lay_out(found), settings):
            return target
        pixels = layout.hr_pixels(dataset)
        images = write_pixels(dataset, pixels, found, stored)
        contents = pack.Contents(images, records.known_sha256(pixels), settings)
        atomic.write(target, strict_json.dumps({**contents.as_facts(), "provenance": provenance()}, indent=1) + "\n")
    return target


def write_pixels(
    dataset: str, path: Path, found: Sequence[StoredImage], stored: Callable[[], Sequence[StoredImage]]
) -> list[pack.PackedImage]:
    """Pack images into an array, in three channels each.

    Args:
        path: of the array.
        found: the images.
        stored: finds them anew: another command may have replaced them meanwhile.

    Returns:
        Where they lie.
    """
    images = pack.lay_out(found)
    with atomic.writing(path) as part:
        pixels = np.lib.format.open_memmap(part, mode="w+", dtype=np.uint8, shape=(images[-1].end,))
        # The file claims its space at once: on a full disk a write to mapped memory would kill the process.
        with part.open("r+b") as file:
            os.posix_fallocate(file.fileno(), 0, part.stat().st_size)
        for image, place in zip(found, images, strict=True):
            place.of(pixels)[:] = to_rgb(read_image(image.path))
        pixels.flush()
        if stored() != found:
            raise ResoluteError(f"the images of {dataset} were replaced while they were read: run this again")
    return images


def _is_packed(dataset: str, images: Sequence[pack.PackedImage], settings: dict[str, list[str]]) -> bool:
    """Whether these very images are packed, whole and unchanged."""
    try:
        contents = pack.hr_contents(dataset)
        pack.hr_pixels(dataset, contents)
    except ResoluteError:
        return False
    return contents.settings == settings and contents.images == images

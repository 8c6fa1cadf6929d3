"""LR images by the bicubic reduction that the data set's registry entry names."""

import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

from resolute.core import layout
from resolute.core.errors import ResoluteError
from resolute.core.provenance import file_sha256
from resolute.datasets import HRImage, LRImage, entry, images
from resolute.datasets.reader import write_lr_images
from resolute.images.files import read_image, write_png
from resolute.images.imresize import crop_to_multiple, imresize, lr_size


def degrade(dataset: str, scale: float, workers: int | None = None) -> Path:
    """Make the LR images of a data set, as `data/lr/<dataset>/x<scale>/<image>.png`, and their manifest.

    HR images are cropped to a multiple of the scale at the top left, then reduced. The same HR images give
    the same bytes. The folder is put in place when all of it is made, or not at all.

    Args:
        dataset: a name of the registry, whose HR images are here.
        scale: how much smaller the images become, at least 1, whole or not.
        workers: threads; as many as there are cores where it is not given.

    Returns:
        The manifest.

    Raises:
        ResoluteError: a scale below 1; HR images that are not here, are damaged, or smaller than the scale.
    """
    variant = entry(dataset).variant
    if scale < 1:
        raise ResoluteError(f"x{scale:g} does not reduce anything: give a scale of at least 1")
    originals = images(dataset, scale=scale)
    folder, manifest = layout.lr_images(dataset, scale), layout.lr_manifest(dataset, scale)
    part = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    try:
        with ThreadPoolExecutor(workers or os.cpu_count()) as pool:
            made = list(pool.map(partial(_reduced, scale=scale, variant=variant, folder=part), originals))
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    manifest.unlink(missing_ok=True)  # who looks in meanwhile finds nothing, no mixture
    shutil.rmtree(folder, ignore_errors=True)
    part.replace(folder)
    return write_lr_images(dataset, scale, [replace(image, path=folder / image.path.name) for image in made])


def _reduced(original: HRImage, scale: float, variant: str, folder: Path) -> LRImage:
    hr = read_image(original.path)
    if min(hr.shape[:2]) < scale:
        size = f"{original.width}x{original.height} pixels"
        raise ResoluteError(f"{layout.relative(original.path)} has {size}, too few for x{scale:g}: leave it out")
    hr = crop_to_multiple(hr, scale)
    lr = imresize(hr, 1 / scale, variant, size=lr_size(hr, scale))
    path = folder / f"{original.name}.png"
    write_png(path, lr)
    return LRImage(
        name=original.name,
        split=original.split,
        path=path,
        sha256=file_sha256(path),
        width=lr.shape[1],
        height=lr.shape[0],
        variant=variant,
    )

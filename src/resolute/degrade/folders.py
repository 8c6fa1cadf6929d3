"""LR images of any folder, made as the papers' are."""

import os
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from resolute.core.errors import ResoluteError, UsageError, nearest
from resolute.degrade.reduce import reduced
from resolute.images.files import read_image, write_png
from resolute.images.imresize import VARIANTS, crop_to_multiple
from resolute.images.pairing import Role, images_in


def degrade_folder(source: Path, target: Path, scale: float, variant: str, workers: int | None = None) -> list[str]:
    """Make the LR image of every image of a folder, as `<target>/<its name>.png`; each is there whole or not at all.

    Images are cut at the top left to a multiple of the scale first, as the papers' scripts do (modcrop).

    Args:
        source: a folder of HR images, 8 bits, grey or RGB; or one.
        target: the folder of the LR images, which is made where it is missing. Others in it stay.
        scale: how much smaller the images become, at least 1, whole or not.
        variant: of `resolute.images.imresize.VARIANTS`.
        workers: threads; as many as there are cores where it is not given.

    Returns:
        The names of the images that were cut.

    Raises:
        ResoluteError: images that cannot be read, are smaller than the scale or would take the same name; a target
            that cannot be written, or that is where the images lie.
    """
    if variant not in VARIANTS:
        raise UsageError(f"unknown variant '{variant}': {nearest(variant, VARIANTS)}")
    paths = images_in(source, Role.HR)
    if target.exists() and target.samefile(paths[0].parent):
        raise UsageError(f"{target} is where the HR images lie: give another folder for the LR images")
    named: dict[str, Path] = {}
    for path in paths:
        if path.stem in named:
            raise ResoluteError(f"{named[path.stem]} and {path} would both become {path.stem}.png: rename one of them")
        named[path.stem] = path
    with ThreadPoolExecutor(workers or os.cpu_count()) as pool:
        cut = pool.map(partial(_degrade, folder=target, scale=scale, variant=variant), paths)
        return [path.stem for path, is_cut in zip(paths, cut, strict=True) if is_cut]


def _degrade(path: Path, folder: Path, scale: float, variant: str) -> bool:
    """Make one LR image; whether the HR image had to be cut."""
    hr = read_image(path)
    try:
        lr = reduced(hr, scale, variant)
    except ResoluteError as error:
        raise ResoluteError(f"{path}: {error}") from None
    write_png(folder / f"{path.stem}.png", lr)
    return crop_to_multiple(hr, scale).shape != hr.shape

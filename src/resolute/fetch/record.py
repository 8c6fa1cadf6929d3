"""Folders of somebody's own become a data set: their images checked, and what they are written down.

No stage imports this: `fetch` reads what is written here.
"""

import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

from resolute import datasets
from resolute.core import atomic, own
from resolute.core.errors import ResoluteError, UsageError
from resolute.core.provenance import file_sha256
from resolute.core.schema import dump_yaml
from resolute.datasets.folders import resolved
from resolute.datasets.store import write_table
from resolute.fetch.archives import opened
from resolute.fetch.parallel import each
from resolute.images.files import read_image
from resolute.images.imresize import crop_to_multiple, lr_size
from resolute.images.pairing import Role, bare, images_in, pair

COLUMNS = ("image", "split", "role", "scale", "path", "sha256", "bytes")
LEAST_SIDE = 32  # pixels of an HR image: less holds no window of SSIM at x4
HEADER = "# Written by `resolute dataset {name}`, which brings it up to date, too. Git may keep it, with its list.\n"


@dataclass(frozen=True)
class Wanted:
    """What a data set is to be: places are a folder, or a zip or tar file, each; `lr` by scale; `use` train or test.

    `hr` is empty where there are LR images alone.
    """

    hr: str
    lr: Mapping[float, str]
    use: str
    variant: str
    title: str


@dataclass(frozen=True)
class _Image:
    """An image of the folders: its HR file, if there is one, and its LR files by scale."""

    name: str
    hr: Path | None
    lr: Mapping[float, Path]


def known(name: str) -> Wanted | None:
    """What a data set of a folder is now; None where there is none of that name."""
    if name not in own.entries("datasets") or not datasets.entry(name).is_own:
        return None
    entry = datasets.entry(name)
    return Wanted(entry.source.hr, entry.source.lr, next(iter(entry.splits)), entry.variant, entry.title)


def record(name: str, wanted: Wanted) -> Path:
    """Write `data/own/datasets/<name>.yaml` and, with the checksum of every file, `<name>.csv`.

    Returns:
        The entry.

    Raises:
        ResoluteError: a name that the registry has; folders that are absent or empty; images that no data set takes
            (damaged, 16 bits, transparent), that are too small or share a name; LR images that are missing, belong to
            no HR image, or are of another size than its own over the scale; LR images alone that are for training, or
            are not the same at every scale.
    """
    target = own.folder("datasets") / f"{name}.yaml"
    if not target.is_file():
        own.check_name(name, datasets.names(), f"resolute dataset {name}")
    if wanted.use == "train" and not wanted.hr:
        raise UsageError(f"nothing can be trained on the LR images of {name} alone: give their HR images, --hr FOLDER")
    places = dict.fromkeys(filter(None, (wanted.hr, *wanted.lr.values())))
    with ExitStack() as stack:
        folders = {place: stack.enter_context(opened(_there(place))) for place in places}
        lr = {scale: folders[place] for scale, place in sorted(wanted.lr.items())}
        images = _with_originals(folders[wanted.hr], lr) if wanted.hr else _alone(lr)
        rows = each(partial(_rows, wanted.use), images, os.cpu_count())
    target.parent.mkdir(parents=True, exist_ok=True)
    listed = target.with_suffix(".csv")
    write_table(listed, COLUMNS, [row for image in rows for row in image])
    given: dict[str, Any] = {"hr": wanted.hr} if wanted.hr else {}
    given |= {"lr": {f"{scale:g}": place for scale, place in sorted(wanted.lr.items())}} if wanted.lr else {}
    entry = {
        "title": wanted.title,
        "variant": wanted.variant,
        "source": {"kind": "folder", **given, "sha256": file_sha256(listed)},
        "splits": {wanted.use: {"use": wanted.use, "images": len(images)}},
    }
    atomic.write(target, HEADER.format(name=name) + dump_yaml(entry))
    return target


def _there(place: str) -> Path:
    found = resolved(place)
    if not found.exists():
        raise UsageError(f"{found} is not there: give a folder of images, or a zip file")
    return found


def _with_originals(folder: Path, lr_folders: Mapping[float, Path]) -> list[_Image]:
    """The HR images of a folder, each with the LR image of every scale that goes with it."""
    originals = _by_name(images_in(folder, Role.HR), lambda path: path.stem)
    lr = {scale: _paired(place, folder, originals.values()) for scale, place in lr_folders.items()}
    return [_Image(name, path, {scale: pairs[path] for scale, pairs in lr.items()}) for name, path in originals.items()]


def _paired(folder: Path, originals_folder: Path, originals: Collection[Path]) -> dict[Path, Path]:
    """The LR image of every HR image."""
    pairing = pair(folder, originals_folder, Role.LR)
    if pairing.alone:
        other = "LR" if pairing.alone[0] in originals else "HR"
        raise ResoluteError(f"{pairing.alone[0]} has no {other} image of its name: add it, or take this one away")
    return {one.hr: one.first for one in pairing.pairs}


def _alone(lr_folders: Mapping[float, Path]) -> list[_Image]:
    """The LR images of all scales, which are of the same names but for what the field ends these with."""
    listed = {scale: images_in(folder, Role.LR) for scale, folder in lr_folders.items()}
    lr = {scale: _by_name(paths, lambda path: bare(path.stem)) for scale, paths in listed.items()}
    names = sorted({name for found in lr.values() for name in found})
    for name, (scale, found) in product(names, lr.items()):
        if name not in found:
            what = f"{lr_folders[scale]} has no image '{name}' for x{scale:g}, as there is for another scale"
            raise ResoluteError(f"{what}: add it, or make a data set for each scale")
    return [_Image(name, None, {scale: found[name] for scale, found in lr.items()}) for name in names]


def _by_name(paths: Sequence[Path], name_of: Callable[[Path], str]) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for path in paths:
        if (first := found.setdefault(name_of(path), path)) is not path:
            same = f"{first.name} and {path.name}"
            raise ResoluteError(f"{path.parent} holds images of equal names, {same}: rename one of them")
    return found


def _rows(use: str, image: _Image) -> list[dict[str, object]]:
    """The lines of the list that are about an image, all files of which are opened and checked."""
    sizes = {scale: read_image(path).shape[:2] for scale, path in image.lr.items()}
    if image.hr:
        _check_sizes(image.hr, image.lr, sizes)
    return list(_lines(image, use))


def _check_sizes(original: Path, lr: Mapping[float, Path], sizes: Mapping[float, tuple[int, ...]]) -> None:
    hr = read_image(original)
    height, width = hr.shape[:2]
    if min(height, width) < LEAST_SIDE:
        raise ResoluteError(f"{original} has {width}x{height} pixels: sides of at least {LEAST_SIDE} are needed")
    for scale, found in sizes.items():
        if found != (due := lr_size(crop_to_multiple(hr, scale), scale)):
            needs = f"that of {original.name} ({width}x{height}) at x{scale:g} has {due[1]}x{due[0]}"
            raise ResoluteError(f"{lr[scale]} has {found[1]}x{found[0]} pixels, but {needs}: give the right one")


def _lines(image: _Image, use: str) -> Iterator[dict[str, object]]:
    files = {"": image.hr, **{f"{scale:g}": path for scale, path in image.lr.items()}}
    for scale, path in files.items():
        if path:
            facts = {"path": path.name, "sha256": file_sha256(path), "bytes": path.stat().st_size}
            yield {"image": image.name, "split": use, "role": "lr" if scale else "hr", "scale": scale, **facts}

"""How images arrive, by the kind of their source: six functions with one signature.

Each leaves new files in a staging folder and returns what the data set consists of, those files that were
already in place included.
"""

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.resources import files as package_files
from importlib.resources.abc import Traversable
from pathlib import Path
from urllib.parse import quote, urlsplit

from resolute.core import layout
from resolute.core.errors import ResoluteError
from resolute.core.provenance import file_sha256
from resolute.datasets import DataSet, HRImage, images
from resolute.datasets.folders import check_unchanged, folders
from resolute.datasets.manifest import SourceFile, fitting
from resolute.fetch.archives import IMAGE_SUFFIXES, WrongArchiveError, is_hidden, opened, unpack
from resolute.fetch.first_use import OtherFileError, check_first_use
from resolute.fetch.parallel import each
from resolute.fetch.progress import byte_progress
from resolute.fetch.transfer import download, verify
from resolute.images.files import read_image, write_png
from resolute.images.imresize import crop_to_multiple, imresize

TRANSFERS = 8  # files at once


@dataclass(frozen=True)
class Arrival:
    """An image that arrived: `path` is where it lies now, `file` its place in the data set's folder.

    `role` is `hr`, or `lr` where LR images come with the HR images of the same names, or alone.
    """

    image: str
    split: str
    scale: float | None
    path: Path
    file: str
    role: str = "hr"


def arrive(dataset: DataSet, splits: Sequence[str], scales: Sequence[float], staging: Path) -> list[Arrival]:
    """Bring the images of some splits, for some scales.

    Raises:
        ResoluteError: something is not to be had, or is not what it should be.
    """
    match dataset.source.kind:
        case "embedded" | "files":
            return _files(dataset, splits, scales, staging)
        case "archive":
            return _archive(dataset, splits, staging)
        case "manual":
            return _manual(dataset, splits, staging)
        case "folder":
            return _folders(dataset, splits, staging)
        case _:
            return _derived(dataset, splits, staging)


def _files(dataset: DataSet, splits: Sequence[str], scales: Sequence[float], staging: Path) -> list[Arrival]:
    files = [file for file in dataset.files() if file.split in splits]
    what, repair = f"data set '{dataset.name}'", "choose another scale or data set"
    any_scale: Sequence[float | None] = scales or (None,)
    wanted = {file: None for scale in any_scale for file in fitting(files, scale, what, repair)}
    total = sum(file.bytes for file in wanted)
    origin = package_files(dataset.source.package) if dataset.source.kind == "embedded" else None
    with byte_progress(dataset.name, total) as advance:
        return each(partial(_file, dataset, staging, advance, origin), wanted, TRANSFERS)


def _file(
    dataset: DataSet, staging: Path, advance: Callable[[int], object], origin: Traversable | None, file: SourceFile
) -> Arrival:
    """A file of a manifest, from an installed package or a folder (`origin`), or else from its URL."""
    name = f"{file.image}{Path(file.path).suffix}"
    place = name if file.scale is None else f"{layout.scale_name(file.scale)}/{name}"
    if file.role == "lr":
        place = f"{layout.given_lr(dataset.name, file.scale or 1).name}/{name}"
    path = layout.raw_images(dataset.name) / place
    if path.is_file() and file_sha256(path) == file.sha256:
        advance(file.bytes)
    else:
        path = staging / place
        if origin is None:
            download(dataset.source.url + quote(file.path), file.checksum, file.bytes, path, advance)
        else:
            _copy(dataset, origin.joinpath(file.path), file, path)
            advance(file.bytes)
    return Arrival(file.image, file.split, file.scale, path, place, file.role)


def _copy(dataset: DataSet, source: Traversable, file: SourceFile, target: Path) -> None:
    repair = f"install the version of {dataset.source.package} that the lock file names"
    if dataset.is_own:
        repair = f"bring it back, or `resolute dataset {dataset.name}` records what is there now"
    if not source.is_file():
        raise ResoluteError(f"{source} is not there: {repair}")
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.part")
    part.write_bytes(source.read_bytes())
    verify(part, file.checksum, file.bytes, str(source), repair)
    part.replace(target)


def _archive(dataset: DataSet, splits: Sequence[str], staging: Path) -> list[Arrival]:
    if kept := _kept(dataset, splits):
        return kept
    source = dataset.source
    archive = archive_file(dataset, staging)
    with byte_progress(dataset.name, source.bytes) as advance:
        download(source.url, source.checksum, source.bytes, archive, advance)
    split_of = {name: split for split in splits for name in dataset.split(split).image_names()}
    try:
        if not source.sha256:
            check_first_use(source.url, archive)
        unpacked = unpack(archive, split_of, staging / "images")
    except (WrongArchiveError, OtherFileError):
        archive.unlink()
        raise
    return [Arrival(name, split_of[name], None, path, path.name) for name, path in unpacked.items()]


def archive_file(dataset: DataSet, staging: Path) -> Path:
    """Where the archive of a data set waits until its images are in their places."""
    return staging / Path(urlsplit(dataset.source.url).path).name


def _manual(dataset: DataSet, splits: Sequence[str], staging: Path) -> list[Arrival]:
    folder = layout.project_root() / "data/manual" / dataset.name
    place, instruction = f"{layout.relative(folder)}/", dataset.source.instruction
    if not folder.is_dir():
        if kept := _kept(dataset, splits):
            return kept
        then = f"Put them into {place} (or link it) and run `resolute fetch {dataset.name}` again"
        raise ResoluteError(f"data set '{dataset.name}' is placed by hand: {instruction} {then}")
    by_name: dict[str, Path] = {}
    for path in sorted(_pictures(folder)):
        first = by_name.setdefault(path.stem, path)
        if not first.samefile(path):
            both = f"{layout.relative(first)} and {layout.relative(path)}"
            raise ResoluteError(f"{place} holds images of equal names, {both}: keep one of each")
    arrivals = []
    for split in splits:
        wanted, count = dataset.split(split).image_names() or tuple(by_name), dataset.split(split).images
        here = [name for name in wanted if name in by_name]
        if len(here) != count:
            missing = next((f" ({name} is missing)" for name in wanted if name not in by_name), "")
            what = f"{len(here)} of the {count} images of {dataset.name}'s split '{split}'{missing}"
            raise ResoluteError(f"{place} holds {what}: {instruction}")
        arrivals += [_stage(by_name[name], name, split, staging) for name in here]
    return arrivals


def _folders(dataset: DataSet, splits: Sequence[str], staging: Path) -> list[Arrival]:
    """The images of a user's folders, HR, LR or both; nothing changes in the folders themselves."""
    check_unchanged([dataset.name])
    arrivals: list[Arrival] = []
    places = folders(dataset)
    with byte_progress(dataset.name, sum(file.bytes for one in places for file in one.files)) as advance:
        for one in places:
            files = [file for file in one.files if file.split in splits]
            with opened(one.place) as origin:
                arrivals += each(partial(_file, dataset, staging, advance, origin), files, TRANSFERS)
    return arrivals


def _pictures(folder: Path) -> Iterator[Path]:
    """The image files below a folder, through links too, without what systems leave behind."""
    seen = set[Path]()
    for place, inner, names in os.walk(folder, onerror=_unreadable, followlinks=True):
        here = Path(place)
        if here.resolve() in seen:  # a link that leads back
            inner.clear()
            continue
        seen.add(here.resolve())
        inner[:] = sorted(name for name in inner if not is_hidden(Path(name)))
        for path in (here / name for name in names if not is_hidden(Path(name))):
            if path.suffix.lower() in IMAGE_SUFFIXES and path.is_file():
                yield path


def _unreadable(error: OSError) -> None:
    raise error


def _stage(source: Path, name: str, split: str, staging: Path) -> Arrival:
    target = staging / f"{name}{source.suffix.lower()}"
    staging.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    return Arrival(name, split, None, target, target.name)


def _derived(dataset: DataSet, splits: Sequence[str], staging: Path) -> list[Arrival]:
    """Another data set's images, bicubically reduced by a whole number."""
    (of,) = dataset.source.of
    originals = {image.name: image for image in images(of)}
    wanted = [(name, split) for split in splits for name in dataset.split(split).image_names()]
    for name, _ in wanted:
        if name not in originals:
            raise ResoluteError(f"data set '{of}' is here without image {name}: run `resolute fetch {of}`")
    return each(lambda one: _reduced(dataset, staging, originals[one[0]], one[1]), wanted, os.cpu_count())


def _reduced(dataset: DataSet, staging: Path, original: HRImage, split: str) -> Arrival:
    factor = dataset.source.reduce
    if factor == 1:
        return _stage(original.path, original.name, split, staging)
    target = staging / f"{original.name}.png"
    whole = crop_to_multiple(read_image(original.path), factor)
    write_png(target, imresize(whole, 1 / factor, dataset.variant))
    return Arrival(original.name, split, None, target, target.name)


def _kept(dataset: DataSet, splits: Sequence[str]) -> list[Arrival]:
    """What an earlier fetch brought, if all of it is still as it was."""
    try:
        found = [image for image in images(dataset.name) if image.split in splits]
    except ResoluteError:
        return []
    is_whole = len(found) == sum(dataset.split(split).images for split in splits)
    if is_whole and all(file_sha256(image.path) == image.sha256 for image in found):
        return [Arrival(image.name, image.split, None, image.path, image.path.name) for image in found]
    return []

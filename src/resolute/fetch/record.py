"""A folder of somebody's own becomes a data set: its images checked, and what they are written down.

No stage imports this: `fetch` reads what is written here.
"""

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

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
from resolute.images.pairing import Role, images_in, pair

COLUMNS = ("image", "split", "role", "scale", "path", "sha256", "bytes")
LEAST_SIDE = 32  # pixels of an HR image: less holds no window of SSIM at x4
HEADER = "# Written by `resolute dataset {name}`, which brings it up to date, too. Git may keep it, with its list.\n"


@dataclass(frozen=True)
class Wanted:
    """What a data set is to be: places are a folder, or a zip or tar file, each; `lr` by scale; `use` train or test."""

    hr: str
    lr: Mapping[float, str]
    use: str
    variant: str
    title: str


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
            no HR image, or are of another size than its own over the scale.
    """
    target = own.folder("datasets") / f"{name}.yaml"
    if not target.is_file():
        own.check_name(name, datasets.names(), f"resolute dataset {name}")
    with ExitStack() as stack:
        folders = {place: stack.enter_context(opened(_there(place))) for place in (wanted.hr, *wanted.lr.values())}
        originals = images_in(folders[wanted.hr], Role.HR)
        _check_names(originals)
        lr = {scale: _paired(folders[place], folders[wanted.hr], originals) for scale, place in wanted.lr.items()}
        rows = each(partial(_rows, lr, wanted.use), originals, os.cpu_count())
    target.parent.mkdir(parents=True, exist_ok=True)
    listed = target.with_suffix(".csv")
    write_table(listed, COLUMNS, [row for image in rows for row in image])
    lr_places = {"lr": {f"{scale:g}": place for scale, place in sorted(wanted.lr.items())}} if wanted.lr else {}
    entry = {
        "title": wanted.title,
        "variant": wanted.variant,
        "source": {"kind": "folder", "hr": wanted.hr, **lr_places, "sha256": file_sha256(listed)},
        "splits": {wanted.use: {"use": wanted.use, "images": len(originals)}},
    }
    atomic.write(target, HEADER.format(name=name) + dump_yaml(entry))
    return target


def _there(place: str) -> Path:
    found = resolved(place)
    if not found.exists():
        raise UsageError(f"{found} is not there: give a folder of images, or a zip file")
    return found


def _check_names(paths: Sequence[Path]) -> None:
    for name, count in Counter(path.stem for path in paths).items():
        if count > 1:
            same = " and ".join(path.name for path in paths if path.stem == name)
            raise ResoluteError(f"{paths[0].parent} holds images of equal names, {same}: rename one of them")


def _paired(folder: Path, originals_folder: Path, originals: Sequence[Path]) -> dict[Path, Path]:
    """The LR image of every HR image."""
    pairing = pair(folder, originals_folder, Role.LR)
    if pairing.alone:
        other = "HR" if pairing.alone[0] not in originals else "LR"
        raise ResoluteError(f"{pairing.alone[0]} has no {other} image of its name: add it, or take this one away")
    return {one.hr: one.first for one in pairing.pairs}


def _rows(lr: Mapping[float, Mapping[Path, Path]], use: str, original: Path) -> list[dict[str, object]]:
    """The lines of the list that are about an HR image, checked with its LR images."""
    hr = read_image(original)
    height, width = hr.shape[:2]
    if min(height, width) < LEAST_SIDE:
        raise ResoluteError(f"{original} has {width}x{height} pixels: sides of at least {LEAST_SIDE} are needed")
    for scale, pairs in lr.items():
        found, due = read_image(pairs[original]).shape[:2], lr_size(crop_to_multiple(hr, scale), scale)
        if found != due:
            needs = f"that of {original.name} ({width}x{height}) at x{scale:g} has {due[1]}x{due[0]}"
            raise ResoluteError(f"{pairs[original]} has {found[1]}x{found[0]} pixels, but {needs}: give the right one")
    return list(_lines(original, lr, use))


def _lines(original: Path, lr: Mapping[float, Mapping[Path, Path]], use: str) -> Iterator[dict[str, object]]:
    files = {"": original, **{f"{scale:g}": pairs[original] for scale, pairs in sorted(lr.items())}}
    for scale, path in files.items():
        facts = {"path": path.name, "sha256": file_sha256(path), "bytes": path.stat().st_size}
        yield {"image": original.stem, "split": use, "role": "lr" if scale else "hr", "scale": scale, **facts}

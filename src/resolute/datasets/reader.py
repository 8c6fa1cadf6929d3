"""The images that are here: what `fetch` and `degrade` wrote down in their manifests."""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from resolute.core import layout, records
from resolute.core.errors import ResoluteError, nearest
from resolute.core.reading import reading
from resolute.datasets.manifest import fitting
from resolute.datasets.registry import entry
from resolute.datasets.store import read_table, write_table

COLUMNS = ("image", "split", "file", "sha256", "width", "height")
HR_COLUMNS = ("image", "split", "scale", *COLUMNS[2:])
LR_COLUMNS = (*COLUMNS, "variant", "scale", "hr_sha256")


@dataclass(frozen=True)
class StoredImage:
    """An image file of a data set; `name` is unique within the data set, sizes are in pixels."""

    name: str
    split: str
    path: Path
    sha256: str
    width: int
    height: int


@dataclass(frozen=True)
class HRImage(StoredImage):
    """An image as it was fetched: of high resolution, but for the LR images of a data set without originals.

    `scale` is None where it suits every scale.
    """

    scale: float | None = None


@dataclass(frozen=True)
class LRImage(StoredImage):
    """A low-resolution image, made by the bicubic `variant` from the HR image of the same name and of `hr_sha256`.

    In a data set without originals, that is the checksum of the LR image as it was fetched.
    """

    variant: str
    scale: float
    hr_sha256: str


Image = TypeVar("Image", bound=StoredImage)


def images(dataset: str, split: str = "", scale: float | None = None) -> list[HRImage]:
    """The HR images of a data set, sorted by split and name (a union's part by part); each file is the one on record.

    Args:
        dataset: a name of the registry.
        split: one split, or empty for all that were fetched. Training takes `training_split`, never all.
        scale: the scale that they are to be reduced by; None where that does not matter.

    Raises:
        ResoluteError: unknown data set or split, or one without originals, or images that are not here or have changed
            (names the command to run).
    """
    if not entry(dataset).has_originals:
        what = f"data set '{dataset}' has LR images alone"
        raise ResoluteError(f"{what}, nothing is trained on it or scored by it: choose one with HR images")
    return fetched(dataset, split, scale)


def fetched(dataset: str, split: str = "", scale: float | None = None) -> list[HRImage]:
    """The HR images of a data set, or where it has no originals its LR images for a scale; else as `images`."""
    found = _recorded(dataset, split, scale)
    check_files(dataset, found)
    return found


def image(dataset: str, name: str, split: str = "", scale: float | None = None) -> HRImage:
    """One of `fetched(dataset, split, scale)` by its name; an unknown name is an error that names the nearest."""
    found = {one.name: one for one in _recorded(dataset, split, scale)}
    if name not in found:
        raise ResoluteError(f"data set '{dataset}' has no image '{name}': {nearest(name, found)}")
    check_files(dataset, [found[name]])
    return found[name]


def lr_images(dataset: str, split: str, scale: float) -> list[LRImage]:
    """The LR images of a data set, in the order of `fetched(dataset, split, scale)`: made from these, and unchanged.

    Args:
        dataset: a name of the registry.
        split: one split, or empty for all that were fetched.
        scale: how much smaller than the HR images they are.

    Raises:
        ResoluteError: unknown data set or split, or images that are not here, have changed, or were made from other
            HR images than those on record now (names the command to run).
    """
    if entry(dataset).is_union:
        return _united(dataset, split, lambda part: lr_images(part, split, scale))
    repair = f"run `resolute degrade {dataset} --scale {scale:g}`"
    folder, manifest = layout.lr_images(dataset, scale), layout.lr_manifest(dataset, scale)
    what = f"data set '{dataset}' at x{scale:g}"
    rows = _rows(manifest, LR_COLUMNS, dataset, split, what, repair)
    with reading(manifest, repair):
        found = [
            LRImage(**_facts(row, folder), variant=row["variant"], scale=_scale(row), hr_sha256=row["hr_sha256"])
            for row in rows
        ]
    made = {lr.name: (lr.split, f"{lr.scale:g}", lr.variant, lr.hr_sha256) for lr in found}
    variant = entry(dataset).variant_at(scale)
    due = {hr.name: (hr.split, f"{scale:g}", variant, hr.sha256) for hr in _recorded(dataset, split, scale)}
    for name in sorted(made.keys() | due.keys()):
        if made.get(name) != due.get(name):
            raise ResoluteError(f"{what} was not made from the HR images of now, see {name}: {repair} again")
    _check(found, what, repair)
    return found


def check_files(dataset: str, found: Sequence[HRImage]) -> None:
    """Refuse fetched images whose files are missing or not the ones on record; each file is read once, then known."""
    _check(found, f"data set '{dataset}'", _fetching(dataset))


def write_images(dataset: str, found: Sequence[HRImage]) -> Path:
    """Write the manifest of the images that `fetch` brought; the same images give the same bytes."""
    folder, manifest = layout.raw_images(dataset), layout.raw_manifest(dataset)
    found = sorted(found, key=lambda image: (image.split, image.name, image.scale or 0))
    rows = [{**_row(image, folder), "scale": "" if image.scale is None else f"{image.scale:g}"} for image in found]
    write_table(manifest, HR_COLUMNS, rows)
    return manifest


def write_lr_images(dataset: str, scale: float, made: Sequence[LRImage]) -> Path:
    """Write the manifest of the LR images that `degrade` made; the same images give the same bytes."""
    folder, manifest = layout.lr_images(dataset, scale), layout.lr_manifest(dataset, scale)
    rows = []
    for image in sorted(made, key=lambda image: (image.split, image.name)):
        origin = {"variant": image.variant, "scale": f"{image.scale:g}", "hr_sha256": image.hr_sha256}
        rows.append({**_row(image, folder), **origin})
    write_table(manifest, LR_COLUMNS, rows)
    return manifest


def _fetching(dataset: str) -> str:
    return f"run `resolute fetch {dataset}`"


def _recorded(dataset: str, split: str = "", scale: float | None = None) -> list[HRImage]:
    """The images on record, whatever lies there now."""
    if entry(dataset).is_union:
        return _united(dataset, split, lambda part: _recorded(part, split, scale))
    what, repair = f"data set '{dataset}'", _fetching(dataset)
    folder, manifest = layout.raw_images(dataset), layout.raw_manifest(dataset)
    rows = _rows(manifest, HR_COLUMNS, dataset, split, what, repair)
    with reading(manifest, repair):
        found = [HRImage(**_facts(row, folder), scale=_scale(row) if row["scale"] else None) for row in rows]
    if entry(dataset).has_originals:
        found = fitting(found, scale, f"{what} as it is here", f"{repair} for that scale")
    elif not (found := [image for image in found if image.scale == scale]):
        raise ResoluteError(f"{what} is not here for that scale: {repair}")
    splits = entry(dataset).splits
    for name, count in Counter(image.split for image in found).items():
        due = splits[name].images if name in splits else 0
        if count != due:
            where = f"{count} of the {due} images of split '{name}' in {layout.relative(manifest)}"
            raise ResoluteError(f"{what} is not complete here, {where}: {repair}")
    return found


def _united(dataset: str, split: str, of_part: Callable[[str], list[Image]]) -> list[Image]:
    """The images of a union: those of its parts that are in its splits."""
    union = entry(dataset)
    if split:
        union.split(split)
    found = [image for part in union.parts for image in of_part(part) if image.split in union.splits]
    for name, count in Counter(image.name for image in found).items():
        if count > 1:
            raise ResoluteError(
                f"data set '{dataset}' has {count} images '{name}': {' and '.join(union.parts)} are no union"
            )
    return found


def _rows(
    manifest: Path, columns: Sequence[str], dataset: str, split: str, what: str, repair: str
) -> list[dict[str, str]]:
    facts = entry(dataset)
    if split:
        facts.split(split)
    rows = read_table(manifest, columns, repair)
    if not rows:
        raise ResoluteError(f"{what} is not here: {repair}")
    rows = [row for row in rows if split in ("", row["split"])]
    if not rows:
        raise ResoluteError(f"split '{split}' of {what} is not here: {repair} with that split")
    return rows


def _facts(row: dict[str, str], folder: Path) -> dict[str, Any]:
    return {
        "name": row["image"],
        "split": row["split"],
        "path": folder / row["file"],
        "sha256": row["sha256"],
        "width": int(row["width"]),
        "height": int(row["height"]),
    }


def _scale(row: dict[str, str]) -> float:
    scale = float(row["scale"])
    if not 1 <= scale < math.inf:
        raise ValueError(f"'{row['scale']}' is no scale")
    return scale


def _row(image: StoredImage, folder: Path) -> dict[str, object]:
    return {
        "image": image.name,
        "split": image.split,
        "file": image.path.relative_to(folder).as_posix(),
        "sha256": image.sha256,
        "width": image.width,
        "height": image.height,
    }


def _check(found: Sequence[StoredImage], what: str, repair: str) -> None:
    for image in found:
        if not image.path.is_file():
            missing = layout.relative(image.path)
            raise ResoluteError(f"{what} is not complete here, {missing} is missing: {repair}")
    with ThreadPoolExecutor() as pool:
        for _ in pool.map(lambda image: records.verify(image.path, image.sha256, repair), found):
            pass  # the first error is raised here

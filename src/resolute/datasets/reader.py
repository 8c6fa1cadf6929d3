"""The images that are here: what `fetch` and `degrade` wrote down in their manifests."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from resolute.core import layout
from resolute.core.errors import ResoluteError, nearest
from resolute.datasets.registry import entry, fitting
from resolute.datasets.store import read_table, write_table

COLUMNS = ("image", "split", "file", "sha256", "width", "height")


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
    """A high-resolution image. `scale` is None where it suits every scale."""

    scale: float | None = None


@dataclass(frozen=True)
class LRImage(StoredImage):
    """A low-resolution image, made from the HR image of the same name by the bicubic `variant`."""

    variant: str


def images(dataset: str, split: str = "", scale: float | None = None) -> list[HRImage]:
    """The HR images of a data set, sorted by split and name; each name comes once.

    Args:
        dataset: a name of the registry.
        split: one split, or empty for all that were fetched. Training takes `training_split`, never all.
        scale: the scale that they are to be reduced by; None where that does not matter.

    Raises:
        ResoluteError: unknown data set or split, or images that are not here (names the command to run).
    """
    repair = f"run `resolute fetch {dataset}`"
    folder = layout.raw_images(dataset)
    rows = _rows(layout.raw_manifest(dataset), dataset, split, f"data set '{dataset}'", repair)
    found = [HRImage(**_facts(row, folder), scale=float(row["scale"]) if row["scale"] else None) for row in rows]
    found = fitting(found, scale, f"data set '{dataset}' as it is here", f"{repair} for that scale")
    _check_files(found, f"data set '{dataset}'", repair)
    return found


def image(dataset: str, name: str) -> HRImage:
    """One HR image by its name; an unknown name is an error that names the nearest."""
    found = {one.name: one for one in images(dataset)}
    if name not in found:
        raise ResoluteError(f"data set '{dataset}' has no image '{name}': {nearest(name, found)}")
    return found[name]


def lr_images(dataset: str, split: str, scale: float) -> list[LRImage]:
    """The LR images of a data set, in the order of `images(dataset, split, scale)`.

    Args:
        dataset: a name of the registry.
        split: one split, or empty for all that were fetched.
        scale: how much smaller than the HR images they are.

    Raises:
        ResoluteError: unknown data set or split, or images that are not here (names the command to run).
    """
    repair = f"run `resolute degrade {dataset} --scale {scale:g}`"
    folder = layout.lr_images(dataset, scale)
    what = f"data set '{dataset}' at x{scale:g}"
    rows = _rows(layout.lr_manifest(dataset, scale), dataset, split, what, repair)
    found = [LRImage(**_facts(row, folder), variant=row["variant"]) for row in rows]
    _check_files(found, what, repair)
    return found


def write_images(dataset: str, found: Sequence[HRImage]) -> Path:
    """Write the manifest of the HR images that `fetch` brought; the same images give the same bytes."""
    folder, manifest = layout.raw_images(dataset), layout.raw_manifest(dataset)
    found = sorted(found, key=lambda image: (image.split, image.name, image.scale or 0))
    rows = [{**_row(image, folder), "scale": "" if image.scale is None else f"{image.scale:g}"} for image in found]
    write_table(manifest, ("image", "split", "scale", *COLUMNS[2:]), rows)
    return manifest


def write_lr_images(dataset: str, scale: float, made: Sequence[LRImage]) -> Path:
    """Write the manifest of the LR images that `degrade` made; the same images give the same bytes."""
    folder, manifest = layout.lr_images(dataset, scale), layout.lr_manifest(dataset, scale)
    made = sorted(made, key=lambda image: (image.split, image.name))
    write_table(manifest, (*COLUMNS, "variant"), [{**_row(image, folder), "variant": image.variant} for image in made])
    return manifest


def _rows(manifest: Path, dataset: str, split: str, what: str, repair: str) -> list[dict[str, str]]:
    facts = entry(dataset)
    if split:
        facts.split(split)
    rows = read_table(manifest)
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


def _row(image: StoredImage, folder: Path) -> dict[str, object]:
    return {
        "image": image.name,
        "split": image.split,
        "file": image.path.relative_to(folder).as_posix(),
        "sha256": image.sha256,
        "width": image.width,
        "height": image.height,
    }


def _check_files(found: Sequence[StoredImage], what: str, repair: str) -> None:
    for image in found:
        if not image.path.is_file():
            missing = layout.relative(image.path)
            raise ResoluteError(f"{what} is not complete here, {missing} is missing: {repair}")

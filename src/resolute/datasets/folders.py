"""The folders that data sets of somebody's own are read from, and whether they still hold what is on record."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from resolute.core import layout
from resolute.core.errors import ResoluteError
from resolute.core.reading import reading
from resolute.datasets.manifest import SourceFile
from resolute.datasets.registry import DataSet, entry
from resolute.images.pairing import Role, images_in


@dataclass(frozen=True)
class Folder:
    """A folder or zip file of a user's, and what is on record of it: HR images, or LR images of a `scale`."""

    place: Path
    role: Role
    files: tuple[SourceFile, ...]
    scale: float | None = None


def folders(dataset: DataSet) -> list[Folder]:
    """Those that a data set of somebody's own is read from: its HR images, then its LR images, where it has any."""
    hr = [Folder(resolved(dataset.source.hr), Role.HR, tuple(dataset.files()))] if dataset.has_originals else []
    lr = dataset.files("lr")
    given = [
        Folder(resolved(place), Role.LR, tuple(file for file in lr if file.scale == scale), scale)
        for scale, place in sorted(dataset.source.lr.items())
    ]
    return [*hr, *given]


def resolved(place: str) -> Path:
    """A folder as an entry names it: relative to the project, absolute, or below a home (`~`)."""
    return layout.project_root() / os.path.expanduser(place)  # noqa: PTH111 (pathlib raises where it knows no home)


def check_unchanged(names: Iterable[str]) -> None:
    """Refuse data sets of folders in which files are new, gone or of another size since they were recorded.

    Folders that are not here are no change: what was fetched from them stays. Nor is a zip file opened for it.
    """
    for dataset in filter(lambda one: one.is_own, map(entry, names)):
        for folder in folders(dataset):
            if folder.place.is_dir() and (change := _change(folder)):
                what = f"data set '{dataset.name}' was recorded otherwise: {change}"
                raise ResoluteError(f"{what}: `resolute dataset {dataset.name}` records it anew")


def _change(folder: Folder) -> str:
    with reading(folder.place, "mend its rights, or what is in the way"):
        there = {path.name: path.stat().st_size for path in images_in(folder.place, folder.role)}
    listed = {file.path: file.bytes for file in folder.files}
    for name in sorted(there.keys() | listed.keys()):
        if there.get(name) != listed.get(name):
            how = "is new" if name not in listed else "is gone" if name not in there else "has another size"
            return f"{folder.place / name} {how}"
    return ""

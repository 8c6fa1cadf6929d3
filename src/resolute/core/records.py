"""What is known of the files of this project: the checksum of what lies there, and of what a stage wrote there.

A checksum is taken once: it counts for as long as size, times and inode stay the same. The records lie in
`work/records/`, one small file each; without them everything is only slower, and `resolute seal` believes nothing.
"""

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from resolute.core import layout
from resolute.core.errors import ResoluteError
from resolute.core.provenance import file_sha256

_FOLDER = "work/records"


def known_sha256(path: Path) -> str:
    """The sha256 of a file, read only where the file has changed since it was last asked for."""
    return str(_known(path)["sha256"])


def remember(path: Path, sha256: str) -> None:
    """Put on record that a stage has written a file."""
    _keep(path, {"stamp": _stamp(path), "sha256": sha256, "written": sha256})


def is_as_written(path: Path) -> bool:
    """Whether a file is what a stage wrote there last; not so where that is not on record."""
    return _is(path, "written")


def written_sha256(path: Path) -> str | None:
    """The checksum of what a stage wrote there last, be it changed since or not; None where that is not on record."""
    return _read(path).get("written")


def remember_opened(path: Path) -> None:
    """Put on record that a file opens, whoever wrote it."""
    record = _known(path)
    _keep(path, {**record, "opened": record["sha256"]})


def is_as_opened(path: Path) -> bool:
    """Whether a file is one that `remember_opened` was told of."""
    return _is(path, "opened")


def current(root: str, name: str) -> dict[str, Any]:
    """The record of a file that has not changed since; empty where it has, or was never looked at.

    For thousands of files: no `Path` is made. `name` is relative to the project's `root`.
    """
    try:
        found = os.stat(f"{root}/{name}")  # noqa: PTH116
        with open(f"{root}/{_FOLDER}/{name}", encoding="utf-8") as file:  # noqa: PTH123
            record = json.load(file)
        return record if record["stamp"] == _numbers(found) else {}
    except (OSError, ValueError, TypeError, KeyError):
        return {}


def verify(path: Path, sha256: str, repair: str) -> None:
    """Refuse a file that is not the one on record.

    Args:
        sha256: the checksum that the manifest or metadata beside it has.
        repair: what mends it, for the message.
    """
    try:
        found = known_sha256(path)
    except OSError as error:
        raise ResoluteError(f"{layout.relative(path)} cannot be read ({error.strerror}): {repair}") from None
    if found != sha256:
        raise ResoluteError(f"{layout.relative(path)} was changed after it was made, its checksum is wrong: {repair}")


def _is(path: Path, what: str) -> bool:
    if not path.is_file():
        return False
    record = _known(path)
    return bool(record.get(what) == record["sha256"])


def _known(path: Path) -> dict[str, Any]:
    """The record of a file with the checksum of what lies there now."""
    record, stamp = _read(path), _stamp(path)
    if record.get("stamp") != stamp or "sha256" not in record:
        record = {**record, "stamp": stamp, "sha256": file_sha256(path)}
        _keep(path, record)
    return record


def _stamp(path: Path) -> list[int]:
    return _numbers(path.stat())


def _numbers(found: os.stat_result) -> list[int]:
    return [found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino]


def _place(path: Path) -> Path | None:
    """Where the record of a file lies; none for files outside of the project."""
    try:
        root = layout.project_root()
    except ResoluteError:
        return None
    return root / _FOLDER / path.relative_to(root) if path.is_relative_to(root) else None


def _read(path: Path) -> dict[str, Any]:
    place = _place(path)
    if place:
        with suppress(OSError, ValueError):
            record = json.loads(place.read_text(encoding="utf-8"))
            if isinstance(record, dict):
                return record
    return {}


def _keep(path: Path, record: dict[str, Any]) -> None:
    place = _place(path)
    if place:
        with suppress(OSError):  # what cannot be remembered is looked at again
            place.parent.mkdir(parents=True, exist_ok=True)
            part = place.with_name(f"{place.name}.part")
            part.write_text(json.dumps(record), encoding="utf-8")
            part.replace(place)

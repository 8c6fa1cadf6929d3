"""Files that are there whole or not at all, whoever else writes them and whenever the power goes."""

import errno
import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from resolute.core import records
from resolute.core.provenance import file_sha256


def write(path: Path, content: str | bytes) -> None:
    """Write a file (text as UTF-8) as `writing` does."""
    with writing(path) as part:
        part.write_bytes(content.encode() if isinstance(content, str) else content)


@contextmanager
def writing(path: Path) -> Iterator[Path]:
    """Yields a temporary name beside `path`; what is written there replaces `path` when the block ends well.

    Folders are made. Two writers of one file take turns: the kernel's lock on the temporary file goes with its holder.
    When the block is left, the file is on the disk, under its name, and on record as written by this program. A block
    that fails leaves what was there before.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    descriptor = _locked(part)
    try:
        try:
            yield part
            sync(part)
            sha256 = file_sha256(part)
            part.replace(path)
        except BaseException:
            with suppress(OSError):
                part.unlink()
            raise
        sync(path.parent)
        records.remember(path, sha256)
    finally:
        os.close(descriptor)


def move(source: Path, path: Path, sha256: str) -> None:
    """Put a finished file in the place of `path`, on another file system too; `path` ends as `writing` leaves it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    sync(source)
    try:
        source.replace(path)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        with writing(path) as part:
            shutil.copyfile(source, part)
        source.unlink()
    else:
        sync(path.parent)
        records.remember(path, sha256)


def sync(path: Path) -> None:
    """Return when a file's content, or a folder's list of names, is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _locked(part: Path) -> int:
    while True:
        descriptor = os.open(part, os.O_RDWR | os.O_CREAT, 0o666)
        with suppress(OSError):  # a file system without locks
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        if _is_at(descriptor, part):
            os.ftruncate(descriptor, 0)
            return descriptor
        os.close(descriptor)  # who was waited for has renamed that file, or removed it


def _is_at(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False

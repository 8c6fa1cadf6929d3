"""Files that are there whole or not at all, whoever else writes them and whenever the power goes."""

import errno
import fcntl
import os
import shutil
from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
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
    make_folder(path.parent)
    part = path.with_name(f"{path.name}.part")
    descriptor = _locked(part)
    try:
        try:
            yield part
            sync(part)
            sha256 = file_sha256(part)
            part.replace(path)
        except BaseException as error:
            if isinstance(error, OSError) and error.filename is None:
                error.filename = str(path)  # a write that fails names no file
            with suppress(OSError):
                part.unlink()
            raise
        sync(path.parent)
        records.remember(path, sha256)
    finally:
        os.close(descriptor)


def check(path: Path) -> None:
    """Refuse a place that cannot be written, before the work for what belongs there; its folder is made.

    Raises:
        OSError: the place or what is above it is of another kind, or not ours to write.
    """
    make_folder(path.parent)
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not os.access(path.parent, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path.parent))


def rename(source: Path, target: Path) -> None:
    """Rename a file, whose content is on the disk before it takes the place of another, and its name afterwards."""
    make_folder(target.parent)
    sync(source)
    source.replace(target)
    sync(target.parent)
    sync(source.parent)


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, on the disk."""
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for one in missing:
        sync(one.parent)


@contextmanager
def writing_folder(folder: Path, ours: Collection[str]) -> Iterator[Path]:
    """Yields an empty folder beside `folder`, which it replaces when the block ends well.

    It is on the disk before the old folder goes. For flat folders, and for who holds the lock of what is made
    (`core.locks`). A block that fails leaves what was there before.

    Args:
        ours: the names in the old folder that go with it; whatever else lies there moves on into the new one.
    """
    part, old = (folder.with_name(f"{folder.name}.{end}") for end in ("part", "old"))
    if old.is_dir() and not folder.exists():  # killed between the two renames below
        old.rename(folder)
    for left in (part, old):
        shutil.rmtree(left, ignore_errors=True)
    part.mkdir(parents=True)
    try:
        yield part
        with ThreadPoolExecutor() as pool:
            list(pool.map(sync, part.iterdir()))
        sync(part)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    if folder.exists():
        folder.rename(old)
    part.rename(folder)
    if old.exists():
        for path in old.iterdir():
            if path.name not in ours and not (folder / path.name).exists():
                path.rename(folder / path.name)
    sync(folder.parent)
    shutil.rmtree(old, ignore_errors=True)


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

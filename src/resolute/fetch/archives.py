"""Images out of a zip or tar archive that is not trusted."""

import bz2
import gzip
import lzma
import re
import shutil
import stat
import tarfile
import zipfile
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePath, PurePosixPath
from tempfile import TemporaryDirectory
from typing import IO, Any, cast

from resolute.core import layout
from resolute.core.errors import ResoluteError
from resolute.core.reading import brief

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff")
PACKERS: dict[bytes, Callable[[IO[bytes]], Any]] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ": lzma.open,
    b"\x5d\x00\x00": lzma.open,
}
# More than any archive of images has, and little enough for every machine.
LONGEST_HEADER = 1 << 24  # bytes read at once, such as a zip's directory or a PAX header
MOST_MEMBERS = 200_000
MOST_UNPACKED = 100  # times the archive's own size: images are packed already
SMALL = 1 << 30  # bytes that may come out of any archive
CHUNK_BYTES = 1 << 20
ELSEWHERE = "take it from another source"


class WrongArchiveError(ResoluteError):
    """A file that is no archive, a damaged one, or one that is not the data set's: not worth keeping."""


@dataclass(frozen=True)
class Member:
    """A member of an archive: `kind` is `file`, `folder` or `other` (links, devices); `size` in bytes."""

    path: str
    kind: str
    size: int
    open: Callable[[], IO[bytes]]


def unpack(archive: Path, wanted: Collection[str], folder: Path) -> dict[str, Path]:
    """Unpack the images with the wanted names, flat, into a folder.

    Args:
        archive: a zip or tar file, whose checksum was verified where one is on record.
        wanted: the image names (file names without suffix); everything else stays packed.
        folder: where the images go, as `<image><suffix>`.

    Returns:
        The files by image name.

    Raises:
        WrongArchiveError: no archive, damaged, members that lead out of the folder, wanted ones that are links,
            images missing or there twice, or claims beyond all measure. Only an archive damaged inside leaves the
            files before the damage.
        ResoluteError: no room.
    """
    with _members(archive) as members:
        for member in members:
            _refuse_danger(member, archive)
        chosen = _chosen(members, wanted, archive)
        folder.mkdir(parents=True, exist_ok=True)
        needed, free = sum(member.size for member in chosen.values()), shutil.disk_usage(folder).free
        if needed > free:
            raise ResoluteError(f"{archive} needs {needed} bytes unpacked, {free} are free: make room")
        return {name: _extract(member, name, folder, archive) for name, member in chosen.items()}


@contextmanager
def opened(place: Path) -> Iterator[Path]:
    """A folder of images; of a zip or tar file, its images in a folder for as long as the block lasts.

    Raises:
        ResoluteError: as `unpack` does, or for an archive without images.
    """
    if not place.is_file():
        yield place
        return
    with _members(place) as members:
        names = {path.stem for path in map(PurePosixPath, (one.path for one in members)) if _is_image(path)}
    if not names:
        raise WrongArchiveError(f"{place} holds no images ({', '.join(IMAGE_SUFFIXES)}): give a folder or a zip file")
    work = layout.project_root() / "work"
    work.mkdir(exist_ok=True)
    with TemporaryDirectory(dir=work) as folder:
        unpack(place, names, Path(folder))
        yield Path(folder)


def is_hidden(path: PurePath) -> bool:
    """Whether a path is one of those that systems leave behind: `.DS_Store`, `._0001.png`, `__MACOSX/`."""
    return any(part.startswith(".") or part == "__MACOSX" for part in path.parts)


def _chosen(members: Sequence[Member], wanted: Collection[str], archive: Path) -> dict[str, Member]:
    chosen: dict[str, Member] = {}
    for member in members:
        path = PurePosixPath(member.path)
        if not _is_image(path) or path.stem not in wanted:
            continue
        if member.kind == "other":
            culprit = f"its member {member.path!r} is a link or device"
            raise WrongArchiveError(f"{archive} is refused, {culprit}: {ELSEWHERE}")
        if member.kind == "file":
            if path.stem in chosen:
                both = f"{chosen[path.stem].path} and {path}"
                raise WrongArchiveError(f"{archive} holds {path.stem} twice, {both}: {ELSEWHERE}")
            chosen[path.stem] = member
    missing = sorted(set(wanted) - chosen.keys())
    if missing:
        share = f"{len(missing)} of {len(wanted)} images, such as {missing[0]}"
        raise WrongArchiveError(f"{archive} lacks {share}: fetch it again, or {ELSEWHERE}")
    return chosen


def _is_image(path: PurePosixPath) -> bool:
    return path.suffix.lower() in IMAGE_SUFFIXES and not is_hidden(path)


def _refuse_danger(member: Member, archive: Path) -> None:
    path = PurePosixPath(member.path.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or re.match("[A-Za-z]:", member.path):
        culprit = f"its member {member.path!r} leads out of its folder"
        raise WrongArchiveError(f"{archive} is refused, {culprit}: {ELSEWHERE}")


def _extract(member: Member, name: str, folder: Path, archive: Path) -> Path:
    target = folder / f"{name}{PurePosixPath(member.path).suffix.lower()}"
    part = target.with_name(f"{target.name}.part")
    with part.open("wb") as file:
        for chunk in _content(member, archive):
            file.write(chunk)
    return part.replace(target)


def _content(member: Member, archive: Path) -> Iterator[bytes]:
    """What a member holds, piece by piece: apart from the writing, whose faults are not the archive's."""
    with _sound(archive):
        source = member.open()
    with source:
        while True:
            with _sound(archive):
                chunk = source.read(CHUNK_BYTES)
            if not chunk:
                return
            yield chunk


@contextmanager
def _sound(archive: Path) -> Iterator[None]:
    """Turns whatever a parser makes of an archive into one line."""
    try:
        yield
    except (ResoluteError, MemoryError):
        raise
    except Exception as error:  # zip, tar and four packers raise what they like
        line = f"{archive} is damaged ({brief(error)}): fetch it again, or {ELSEWHERE}"
        raise WrongArchiveError(line) from error


@contextmanager
def _members(archive: Path) -> Iterator[list[Member]]:
    with archive.open("rb") as file:
        with _sound(archive):
            members = _zip_members(file, archive) or _tar_members(file, archive)
        yield members


def _zip_members(file: IO[bytes], archive: Path) -> list[Member]:
    """The members of a zip file; empty for other files."""
    if not zipfile.is_zipfile(file):
        return []
    opened = zipfile.ZipFile(cast("IO[bytes]", _Bounded(file, archive)))
    return _measured((_zip_member(opened, info) for info in opened.infolist()), archive)


def _tar_members(file: IO[bytes], archive: Path) -> list[Member]:
    file.seek(0)
    start = file.read(max(map(len, PACKERS)))
    file.seek(0)
    unpacked = next((open_(file) for magic, open_ in PACKERS.items() if start.startswith(magic)), file)
    try:
        opened = tarfile.TarFile(fileobj=cast("IO[bytes]", _Bounded(unpacked, archive)))
    except tarfile.ReadError:
        raise WrongArchiveError(f"{archive} is no zip or tar archive: fetch it again, or {ELSEWHERE}") from None
    return _measured((_tar_member(opened, info) for info in opened), archive)


def _measured(members: Iterator[Member], archive: Path) -> list[Member]:
    """The members, listed one by one: the next one of a packed tar lies behind all that the last one claims to hold."""
    most, claimed, found = max(SMALL, MOST_UNPACKED * archive.stat().st_size), 0, list[Member]()
    for member in members:
        claimed += member.size
        found.append(member)
        if member.size < 0 or claimed > most or len(found) > MOST_MEMBERS:
            what = f"{len(found)} members with {claimed} bytes and more, which its size belies"
            raise WrongArchiveError(f"{archive} claims to hold {what}: {ELSEWHERE}")
    return found


class _Bounded:
    """A file of which no single read takes more memory than a header of an honest archive."""

    def __init__(self, file: IO[bytes], archive: Path) -> None:
        self._file, self._archive = file, archive

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(min(size, LONGEST_HEADER) if size >= 0 else LONGEST_HEADER)
        if len(data) == LONGEST_HEADER:
            what = f"has a header of {size} bytes" if size > 0 else "has a header without end"
            raise WrongArchiveError(f"{self._archive} {what}: {ELSEWHERE}")
        return data


def _zip_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Member:
    mode = info.external_attr >> 16
    special = stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR)
    kind = "other" if special else "folder" if info.is_dir() else "file"
    return Member(info.filename, kind, info.file_size, lambda: archive.open(info))


def _tar_member(archive: tarfile.TarFile, info: tarfile.TarInfo) -> Member:
    kind = "file" if info.isfile() else "folder" if info.isdir() else "other"
    # extractfile answers None for what is no file, and only files are opened
    return Member(info.name, kind, info.size, lambda: cast("IO[bytes]", archive.extractfile(info)))

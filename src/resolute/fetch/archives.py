"""Images out of a zip or tar archive that is not trusted; and checksums recorded on first use."""

import logging
import re
import shutil
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, cast

from resolute.core import layout
from resolute.core.errors import ResoluteError
from resolute.core.provenance import file_sha256
from resolute.datasets.store import read_table, write_table
from resolute.fetch.locks import lock

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff")
DAMAGE = (zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, RuntimeError)


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
        ResoluteError: no archive, damaged, members that lead out of the folder or are links, images missing
            or there twice, or no room. Only an archive damaged inside leaves the files before the damage.
    """
    with _members(archive) as members:
        for member in members:
            _refuse_danger(member, archive)
        chosen = _chosen(members, wanted, archive)
        folder.mkdir(parents=True, exist_ok=True)
        needed, free = sum(member.size for member in chosen.values()), shutil.disk_usage(folder).free
        if needed > free:
            raise ResoluteError(f"{archive} needs {needed} bytes unpacked, {free} are free: make room")
        return {name: _extract(member, name, folder) for name, member in chosen.items()}


def _chosen(members: list[Member], wanted: Collection[str], archive: Path) -> dict[str, Member]:
    chosen: dict[str, Member] = {}
    for member in members:
        path = PurePosixPath(member.path)
        if member.kind == "file" and path.suffix.lower() in IMAGE_SUFFIXES and path.stem in wanted:
            if path.stem in chosen:
                both = f"{chosen[path.stem].path} and {path}"
                raise ResoluteError(f"{archive} holds {path.stem} twice, {both}: take it from another source")
            chosen[path.stem] = member
    missing = sorted(set(wanted) - chosen.keys())
    if missing:
        share = f"{len(missing)} of {len(wanted)} images, such as {missing[0]}"
        raise ResoluteError(f"{archive} lacks {share}: delete it and fetch again")
    return chosen


def _refuse_danger(member: Member, archive: Path) -> None:
    path = PurePosixPath(member.path.replace("\\", "/"))
    leads_out = path.is_absolute() or ".." in path.parts or re.match("[A-Za-z]:", member.path)
    if leads_out or member.kind == "other":
        reason = "leads out of its folder" if leads_out else "is a link or device"
        culprit = f"its member {member.path!r} {reason}"
        raise ResoluteError(f"{archive} is refused, {culprit}: take it from another source")


def _extract(member: Member, name: str, folder: Path) -> Path:
    target = folder / f"{name}{PurePosixPath(member.path).suffix.lower()}"
    part = target.with_name(f"{target.name}.part")
    with member.open() as source, part.open("wb") as file:
        shutil.copyfileobj(source, file)
    return part.replace(target)


@contextmanager
def _members(archive: Path) -> Iterator[list[Member]]:
    try:
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as opened_zip:
                yield [_zip_member(opened_zip, info) for info in opened_zip.infolist()]
        elif tarfile.is_tarfile(archive):
            with tarfile.open(archive) as opened_tar:
                yield [_tar_member(opened_tar, info) for info in opened_tar.getmembers()]
        else:
            raise ResoluteError(f"{archive} is no zip or tar archive: delete it and fetch again")
    except DAMAGE as error:
        raise ResoluteError(f"{archive} is damaged ({error}): delete it and fetch again") from None


def _zip_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Member:
    mode = info.external_attr >> 16
    special = stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR)
    kind = "other" if special else "folder" if info.is_dir() else "file"
    return Member(info.filename, kind, info.file_size, lambda: archive.open(info))


def _tar_member(archive: tarfile.TarFile, info: tarfile.TarInfo) -> Member:
    kind = "file" if info.isfile() else "folder" if info.isdir() else "other"
    # extractfile answers None for what is no file, and only files are opened
    return Member(info.name, kind, info.size, lambda: cast("IO[bytes]", archive.extractfile(info)))


def check_first_use(url: str, archive: Path) -> None:
    """Hold an archive without a checksum in the registry to what the first fetch of it found.

    The record is `data/reference/archives.csv`, which git keeps.

    Raises:
        ResoluteError: the archive differs from the one on record.
    """
    found = {"url": url, "sha256": file_sha256(archive), "bytes": str(archive.stat().st_size)}
    record = layout.project_root() / "data/reference/archives.csv"
    with lock("archives"):
        rows = {row["url"]: row for row in read_table(record)}
        if url not in rows:
            rows[url] = found
            write_table(record, tuple(found), [rows[key] for key in sorted(rows)])
            logging.getLogger(__name__).warning(
                "%s: no checksum is on record, so its sha256 %s was written to %s; later fetches must match",
                url,
                found["sha256"],
                layout.relative(record),
            )
    if rows[url] != found:
        difference = f"expected sha256 {rows[url]['sha256']}, found {found['sha256']}"
        repair = f"delete {layout.relative(archive)}, or its line in {layout.relative(record)} if it is right"
        raise ResoluteError(f"{url} is not the archive of the first fetch, {difference}: {repair}")

"""The list of a data set's files, which lies beside its registry entry, and which of its HR images suit a scale."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Protocol, TypeVar

from resolute.core import layout
from resolute.core.checksums import Checksum
from resolute.core.errors import ResoluteError
from resolute.core.provenance import file_sha256
from resolute.core.reading import reading
from resolute.datasets.store import read_table


@dataclass(frozen=True)
class SourceFile:
    """One line of a manifest: a file of the data set's source. `scale` is None for HR images of any scale."""

    image: str
    split: str
    role: str
    scale: float | None
    path: str
    sha256: str
    bytes: int

    @property
    def checksum(self) -> Checksum:
        """What the file is known by."""
        return Checksum("sha256", self.sha256)


@cache
def read_manifest(path: Path, repair: str, sha256: str = "") -> tuple[SourceFile, ...]:
    """The files of a list.

    Args:
        repair: what brings the list back, as the last part of an error message.
        sha256: of the list itself, where the entry has it.
    """
    with reading(path, repair):
        if sha256 and file_sha256(path) != sha256:
            raise ResoluteError(f"{layout.relative(path)} is not the list that {path.stem} was recorded with: {repair}")
        return tuple(_source_file(row) for row in read_table(path, repair=repair))


class _Scaled(Protocol):
    @property
    def scale(self) -> float | None: ...


Scaled = TypeVar("Scaled", bound=_Scaled)


def fitting(rows: Sequence[Scaled], scale: float | None, what: str, repair: str) -> list[Scaled]:
    """The HR images that suit a scale.

    Images without a scale suit every one. Others are cropped to multiples of their own scale at the top left,
    so they suit its multiples exactly; where several do, they agree and the largest is taken. Without a scale,
    and for one that is not whole, which no copy was cropped for, the images cropped least are meant. `what` and
    `repair` are words for the error message.
    """
    known = sorted({row.scale for row in rows if row.scale is not None})
    if not known:
        return list(rows)
    if scale is None or not float(scale).is_integer():
        suitable = known[:1]
    else:
        suitable = [own for own in known if (scale / own).is_integer()]
    if not suitable:
        have = ", ".join(f"x{own:g}" for own in known)
        raise ResoluteError(f"{what} has HR images for {have} and multiples, not for x{scale:g}: {repair}")
    return [row for row in rows if row.scale == suitable[-1]]


def _source_file(row: Mapping[str, str]) -> SourceFile:
    facts: dict[str, Any] = dict(row)
    facts["scale"] = float(row["scale"]) if row["scale"] else None
    facts["bytes"] = int(row["bytes"])
    return SourceFile(**facts)

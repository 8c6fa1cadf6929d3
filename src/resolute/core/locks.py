"""One maker at a time: a lock per artefact, which the kernel releases when its holder ends, however it ends."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from resolute.core import layout

_FOLDER = "work/locks/making"


@dataclass(frozen=True)
class Maker:
    """A living process that makes an artefact."""

    process: int
    command: str
    artefact: str

    def __str__(self) -> str:
        return f"process {self.process} ({self.command}), which makes {self.artefact}"


@contextmanager
def making(path: Path) -> Iterator[bool]:
    """Hold the lock of an artefact while it is made; waits for who holds it, and says for whom.

    Yields:
        Whether another process was waited for, so that what it made may be taken.
    """
    place = _place(path)
    place.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(place)
    waited = False
    try:
        lock.acquire(timeout=0)
    except Timeout:
        waited = True
        print(f"resolute: waiting for {_maker(place) or 'another process'}", file=sys.stderr, flush=True)
        lock.acquire()
    try:
        _note(place).write_text(f"{os.getpid()}\n{' '.join(sys.argv)}\n{layout.relative(path)}\n", encoding="utf-8")
        yield waited
    finally:
        with suppress(OSError):
            _note(place).unlink()
        lock.release()


def makers() -> list[Maker]:
    """The living processes of this project that make something now."""
    found = []
    for place in sorted((layout.project_root() / _FOLDER).glob("*.lock")):
        lock = FileLock(place)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            maker = _maker(place)
            if maker and maker.process != os.getpid():
                found.append(maker)
        else:
            lock.release()
    return found


def _place(path: Path) -> Path:
    name = layout.relative(path).replace("%", "%25").replace("/", "%2F")
    return layout.project_root() / _FOLDER / f"{name}.lock"


def _note(place: Path) -> Path:
    return place.with_suffix(".holder")


def _maker(place: Path) -> Maker | None:
    try:
        process, command, artefact = _note(place).read_text(encoding="utf-8").splitlines()[:3]
        return Maker(int(process), command, artefact)
    except (OSError, ValueError):
        return None

"""What a power cut may leave: the calls by which a program makes files durable, recorded in their order."""

import os
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class Call:
    """`sync` of a file or folder, `replace` of `target` by `path`, or `unlink`."""

    name: str
    path: Path
    target: Path | None = None


def recorded(monkeypatch: pytest.MonkeyPatch) -> list[Call]:
    """All such calls of this process from now on."""
    calls: list[Call] = []
    fsync, replace, unlink = os.fsync, os.replace, os.unlink

    def record_sync(descriptor: int) -> None:
        fsync(descriptor)
        calls.append(Call("sync", Path(f"/proc/self/fd/{descriptor}").resolve()))

    def record_replace(source: Path, target: Path) -> None:
        replace(source, target)
        calls.append(Call("replace", Path(source).absolute(), Path(target).absolute()))

    def record_unlink(path: Path, **options: int) -> None:
        unlink(path, **options)
        calls.append(Call("unlink", Path(path).absolute()))

    for name, record in (("fsync", record_sync), ("replace", record_replace), ("unlink", record_unlink)):
        monkeypatch.setattr(os, name, record)
    return calls


def is_durable_before(calls: list[Call], path: Path, removed: Path) -> bool:
    """Whether a file and its name, up to the folder where all began, are on the disk when another is removed."""
    before = calls[: calls.index(Call("unlink", removed))]
    placed = next(call for call in before if call.name == "replace" and call.target == path)
    at = before.index(placed)
    return Call("sync", placed.path) in before[:at] and Call("sync", path.parent) in before[at:]

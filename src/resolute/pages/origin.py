"""Where the numbers come from: versions, devices, files and the commit."""

import subprocess
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from resolute import measurements
from resolute.core import layout
from resolute.core.provenance import PACKAGES

VERSIONS = ("python", "platform", *PACKAGES)
WRITTEN = ("reports/metrics.json", "dvc.lock")  # what git keeps and the workflow itself writes


Facts = dict[str, Any]


@dataclass(frozen=True)
class Folder:
    """Measurement files that lie beside each other: what all of them record, and what each does besides."""

    name: str
    common: Facts
    files: tuple[tuple[str, Facts], ...]


@dataclass(frozen=True)
class Origin:
    """`versions` by package (several where the files disagree); the files by their folders."""

    versions: dict[str, str]
    folders: tuple[Folder, ...]

    @cached_property
    def records(self) -> list[Facts]:
        """What each file records."""
        return [{**folder.common, **facts} for folder in self.folders for _, facts in folder.files]


def origin(paths: Sequence[Path]) -> Origin:
    """What measurement files record about how they came to be."""
    recorded = [(path, measurements.read_provenance(path)) for path in paths]
    versions = {}
    for name in VERSIONS:
        found = sorted({str(facts[name]) for _, facts in recorded if name in facts})
        if found:
            versions[name] = ", ".join(found)
    folders: dict[Path, dict[str, Facts]] = defaultdict(dict)
    for path, facts in recorded:
        told = {key: value for key, value in facts.items() if key not in VERSIONS and value not in ("", None)}
        folders[path.parent][path.name] = told
    return Origin(versions, tuple(_folder(path, files) for path, files in folders.items()))


def _folder(path: Path, files: dict[str, Facts]) -> Folder:
    first, *others = files.values()
    common = {key: value for key, value in first.items() if all(key in one and one[key] == value for one in others)}
    own = ((name, {key: value for key, value in facts.items() if key not in common}) for name, facts in files.items())
    return Folder(layout.relative(path), common, tuple(own))


def commit() -> str:
    """The git commit of the project; with `-dirty` where files differ that no stage writes; empty outside git."""
    try:
        name = _git("describe", "--always", "--abbrev=12", "--exclude=*")
        changed = _git("status", "--porcelain", "--untracked-files=no", "--", ".", *(f":!{path}" for path in WRITTEN))
    except (OSError, subprocess.CalledProcessError):
        return ""
    return f"{name}-dirty" if changed else name


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=layout.project_root(), capture_output=True, text=True, check=True)
    return done.stdout.strip()

"""Where the numbers come from: versions, devices, files and the commit."""

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from resolute import measurements
from resolute.core import layout
from resolute.core.provenance import PACKAGES

VERSIONS = ("python", "platform", *PACKAGES)
WRITTEN = ("reports/metrics.json", "dvc.lock")  # what git keeps and the workflow itself writes


@dataclass(frozen=True)
class Origin:
    """`versions` by package (several where the files disagree); `files` with what each records of itself."""

    versions: dict[str, str]
    files: tuple[tuple[str, dict[str, Any]], ...]


def origin(paths: Sequence[Path]) -> Origin:
    """What measurement files record about how they came to be."""
    recorded = [(layout.relative(path), measurements.read_provenance(path)) for path in paths]
    versions = {}
    for name in VERSIONS:
        found = sorted({str(facts[name]) for _, facts in recorded if name in facts})
        if found:
            versions[name] = ", ".join(found)
    files = tuple(
        (
            name,
            {key: value for key, value in facts.items() if key not in VERSIONS and value not in ("", None)},
        )
        for name, facts in recorded
    )
    return Origin(versions, files)


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

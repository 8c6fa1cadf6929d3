"""Stage `sources`: which source files a stage runs, found by following imports, so that no list is ever out of date.

Most of them are the same for all jobs of a stage, or for all networks. Each such group is written down with checksums,
and the jobs depend on the groups that they run and on the few files that are their method's own: an edit re-runs what
executes the edited file and nothing else. A training's checkpoint carries the digest of all of them.
"""

import hashlib
from functools import cache
from pathlib import Path

from resolute import registry
from resolute.core import atomic, layout
from resolute.core.provenance import file_sha256
from resolute.sources.imports import PACKAGE, closure, files_below, module_name

STAGES = ("fetch", "degrade", "patches", "train", "evaluate", "profile", "tables", "figures", "report")
NETWORKS = "networks"
GROUPS = (*STAGES, NETWORKS)
# Modules that show names and titles read these registries.
READS = {"summary.py": ("registry", "datasets/registry.yaml")}


def write_sources(group: str) -> Path:
    """Write down what a group's files are: `data/sources/<group>.csv` with the columns file and sha256.

    Args:
        group: a stage's name, for what all its jobs run; or `networks`, for what all methods with a network run.
    """
    lines = [f"{file.relative_to(PACKAGE).as_posix()},{file_sha256(file)}\n" for file in sorted(shared(group))]
    path = layout.sources(group)
    atomic.write(path, f"file,sha256\n{''.join(lines)}")
    return path


def groups(stage: str, method: str = "") -> list[str]:
    """The groups that a stage runs for a method."""
    return [stage, NETWORKS] if method and registry.entry(method).model else [stage]


@cache
def shared(group: str) -> frozenset[Path]:
    """The files of a group; a stage's are its subpackage, templates included, and all that it imports."""
    if group == NETWORKS:
        parts = ("resolute.methods.inference", "resolute.methods.weights", "resolute.models.blocks")
        return frozenset[Path]().union(*map(closure, parts))
    files = files_below(group)
    code = frozenset[Path]().union(*(closure(module_name(file)) for file in files if file.suffix == ".py"))
    read = [path for module, paths in READS.items() if PACKAGE / module in code for path in paths]
    return code.union(files, *map(files_below, read))


def own(stage: str, method: str) -> list[Path]:
    """The files that a stage runs for one method and that are in no group: its network, its kind, its entry."""
    entry = registry.entry(method)
    code = closure(f"resolute.methods.{entry.kind}")
    if entry.model:
        code |= closure(f"resolute.models.{entry.model}")
    return sorted((code | {registry.path(method)}).difference(*map(shared, groups(stage, method))))


def sources_digest(stage: str, method: str) -> str:
    """A sha256 over the content of all files that a stage runs for a method."""
    sha = hashlib.sha256()
    for path in sorted(frozenset(own(stage, method)).union(*map(shared, groups(stage, method)))):
        sha.update(path.relative_to(PACKAGE).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return sha.hexdigest()

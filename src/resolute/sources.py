"""Which source files a stage runs: found by following imports, so that the list is never out of date.

Most of them are the same for all jobs of a stage, or for all networks. The stage `sources` writes each such group down
with checksums, as `data/sources/<group>.csv`, and the jobs depend on the groups that they run and on the few files that
are their method's own: an edit re-runs what executes the edited file and nothing else. A training's checkpoint carries
the digest of all of them. Some folders count as one thing, which keeps `dvc.yaml` readable: whoever imports one of
their files depends on all of them.
"""

import ast
import hashlib
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

from resolute import registry
from resolute.core import atomic, layout
from resolute.core.provenance import file_sha256

PACKAGE = Path(__file__).parent
WHOLE_FOLDERS = ("core", "images", "metrics", "models/blocks")
# Modules that show names and titles read these registries.
READS = {"summary.py": ("registry", "datasets/registry.yaml")}


STAGES = ("fetch", "degrade", "patches", "train", "evaluate", "profile", "tables", "figures", "report")
NETWORKS = "networks"
GROUPS = (*STAGES, NETWORKS)


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
        return frozenset[Path]().union(*map(_closure, parts))
    files = _files(group)
    code = frozenset[Path]().union(*(_closure(_module(file)) for file in files if file.suffix == ".py"))
    read = [path for module, paths in READS.items() if PACKAGE / module in code for path in paths]
    return code.union(files, *map(_files, read))


def own(stage: str, method: str) -> list[Path]:
    """The files that a stage runs for one method and that are in no group: its network, its kind, its entry."""
    entry = registry.entry(method)
    code = _closure(f"resolute.methods.{entry.kind}")
    if entry.model:
        code |= _closure(f"resolute.models.{entry.model}")
    return sorted((code | {registry.path(method)}).difference(*map(shared, groups(stage, method))))


def sources_digest(stage: str, method: str) -> str:
    """A sha256 over the content of all files that a stage runs for a method."""
    sha = hashlib.sha256()
    for path in sorted(frozenset(own(stage, method)).union(*map(shared, groups(stage, method)))):
        sha.update(path.relative_to(PACKAGE).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return sha.hexdigest()


@cache
def _files(folder: str) -> tuple[Path, ...]:
    """All files below a folder of the package, or the one file that is named."""
    path = PACKAGE / folder
    found = [path] if path.is_file() else path.rglob("*")
    return tuple(sorted(file for file in found if file.is_file() and "__pycache__" not in file.parts))


def _module(file: Path) -> str:
    parts = ("resolute", *file.relative_to(PACKAGE).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def _closure(root: str) -> frozenset[Path]:
    """The files that importing a module runs."""
    found: dict[str, Path | None] = {}
    waiting = {root}
    while waiting:
        name = waiting.pop()
        path = found[name] = _path(name)
        if path:
            # Importing a.b runs a's __init__ too.
            waiting |= {*_imports(path), *_neighbours(path), name.rpartition(".")[0]} - found.keys()
    return frozenset(path for path in found.values() if path)


@cache
def _neighbours(path: Path) -> tuple[str, ...]:
    """The modules that count as one thing with the one at `path`."""
    folders = [folder for folder in WHOLE_FOLDERS if path.is_relative_to(PACKAGE / folder)]
    return tuple(_module(file) for folder in folders for file in _files(folder))


@cache
def _path(module: str) -> Path | None:
    if module.partition(".")[0] != "resolute":
        return None
    path = PACKAGE.joinpath(*module.split(".")[1:])
    for candidate in (path.with_suffix(".py"), path / "__init__.py"):
        if candidate.is_file():
            return candidate
    return None


@cache
def _imports(path: Path) -> tuple[str, ...]:
    names: list[str] = []
    for node in _statements(ast.parse(path.read_text(encoding="utf-8")).body):
        if isinstance(node, ast.Import):
            names.extend(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.append(node.module)
            names.extend(f"{node.module}.{alias.name}" for alias in node.names)
    return tuple(names)


def _statements(block: Sequence[ast.AST]) -> Iterator[ast.AST]:
    """The statements of a block and of all blocks within, where imports can be; `ast.walk` looks at expressions too."""
    for node in block:
        yield node
        for inner in ("body", "orelse", "finalbody", "handlers", "cases"):
            yield from _statements(getattr(node, inner, ()))

"""Which source files a stage runs: found by following imports, so that the list is never out of date.

Snakemake takes these lists as inputs, `dvc.yaml` names the same files and folders, and a training's checkpoint
carries their digest: an edit re-runs what executes the edited file and nothing else. Some folders count as one
thing, which keeps `dvc.yaml` readable: whoever imports one of their files depends on all of them.
"""

import ast
import hashlib
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

from resolute import registry

PACKAGE = Path(__file__).parent
WHOLE_FOLDERS = ("core", "images", "metrics", "models/blocks")
# Modules that show names and titles read these registries.
READS = {"summary.py": ("registry", "datasets/registry.yaml")}


def sources(stage: str, method: str = "") -> list[Path]:
    """The files that a stage runs: its subpackage, templates included, the method's, and all they import.

    Args:
        stage: a stage's name (`train`, `evaluate`, ...), which is its subpackage.
        method: the method that it works on, where it works on one.

    Returns:
        Paths below `src/resolute`, sorted.
    """
    roots = [_module(file) for file in _files(stage) if file.suffix == ".py"]
    data = set(_files(stage))
    if method:
        entry = registry.entry(method)
        roots.append(f"resolute.methods.{entry.kind}")
        if entry.model:
            roots.append(f"resolute.models.{entry.model}")
        data.add(registry.path(method))
    code = frozenset[Path]().union(*map(_closure, roots))
    for module, read in READS.items():
        if PACKAGE / module in code:
            data.update(file for path in read for file in _files(path))
    return sorted(code | data)


def sources_digest(stage: str, method: str = "") -> str:
    """A sha256 over the content of `sources`."""
    sha = hashlib.sha256()
    for path in sources(stage, method):
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

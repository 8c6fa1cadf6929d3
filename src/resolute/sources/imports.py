"""What importing a module runs: the files of this package that its imports lead to."""

import ast
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parents[1]


@cache
def files_below(folder: str) -> tuple[Path, ...]:
    """All files below a folder of the package, or the one file that is named."""
    path = PACKAGE / folder
    found = [path] if path.is_file() else path.rglob("*")
    return tuple(sorted(file for file in found if file.is_file() and "__pycache__" not in file.parts))


@cache
def closure(root: str) -> frozenset[Path]:
    """The files that importing a module runs."""
    found: dict[str, Path | None] = {}
    waiting = {root}
    while waiting:
        name = waiting.pop()
        path = found[name] = _path(name)
        if path:
            # Importing a.b runs a's __init__ too.
            waiting |= {*_imports(path), name.rpartition(".")[0]} - found.keys()
    return frozenset(path for path in found.values() if path)


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
    """The statements of a block and of all blocks within, where imports are run; `ast.walk` sees expressions too."""
    for node in block:
        yield node
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            yield from _statements(node.orelse)
            continue
        for inner in ("body", "orelse", "finalbody", "handlers", "cases"):
            yield from _statements(getattr(node, inner, ()))

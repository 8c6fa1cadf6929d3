"""What importing a module runs: the files of this package, and of somebody's own networks, that its imports lead to."""

import ast
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

from resolute.core import own

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
            waiting |= {*_imports(path, name), name.rpartition(".")[0]} - found.keys()
    return frozenset(path for path in found.values() if path)


@cache
def _path(module: str) -> Path | None:
    root, *parts = module.split(".")
    if root not in ("resolute", own.PACKAGE):
        return None
    path = (PACKAGE if root == "resolute" else own.folder("methods")).joinpath(*parts)
    for candidate in (path.with_suffix(".py"), path / "__init__.py"):
        if candidate.is_file():
            return candidate
    return None


@cache
def _imports(path: Path, module: str) -> tuple[str, ...]:
    names: list[str] = []
    try:
        parsed = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError):  # of somebody's own: the job that runs it says so, no other need wait
        return ()
    for node in _statements(parsed.body):
        if isinstance(node, ast.Import):
            names.extend(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            whole = _absolute(node, module, path.name == "__init__.py")
            names.extend([whole, *(f"{whole}.{alias.name}" for alias in node.names)])
    return tuple(names)


def _absolute(node: ast.ImportFrom, module: str, is_package: bool) -> str:
    """The module that an import names; with dots before it, from that of the module that imports."""
    if not node.level:
        return node.module or ""
    parts = module.split(".")
    return ".".join([*parts[: len(parts) - node.level + is_package], *filter(None, [node.module])])


def _statements(block: Sequence[ast.AST]) -> Iterator[ast.AST]:
    """The statements of a block and of all blocks within, where imports are run; `ast.walk` sees expressions too."""
    for node in block:
        yield node
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            yield from _statements(node.orelse)
            continue
        for inner in ("body", "orelse", "finalbody", "handlers", "cases"):
            yield from _statements(getattr(node, inner, ()))

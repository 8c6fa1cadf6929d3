"""Which source files a stage runs: found by following imports, so that the list is never out of date.

Both engines take these lists as inputs, and a training's checkpoint carries their digest: an edit re-runs
what executes the edited file and nothing else.
"""

import ast
import hashlib
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parent


def sources(stage: str, method: str = "") -> list[Path]:
    """The files that a stage runs: its subpackage, templates included, the method's, and all they import.

    Args:
        stage: a stage's name (`train`, `evaluate`, ...), which is its subpackage.
        method: the method that it works on, where it works on one.

    Returns:
        Paths below `src/resolute`, sorted.
    """
    own = [
        file for file in (PACKAGE / stage).rglob("*") if file.is_file() and "__pycache__" not in file.parts
    ]
    roots = [f"resolute.{stage}", *(f"resolute.{stage}.{file.stem}" for file in own if file.suffix == ".py")]
    data = {file for file in own if file.suffix != ".py"}
    if method:
        from resolute.methods import registry

        entry = registry.entry(method)
        roots.append(f"resolute.methods.{entry.method or 'network'}")
        if entry.model:
            roots.append(f"resolute.models.{entry.model}")
        data.add(registry.path(method))
    return sorted(_closure(tuple(sorted(roots))) | data)


def sources_digest(stage: str, method: str = "") -> str:
    """A sha256 over the content of `sources`."""
    sha = hashlib.sha256()
    for path in sources(stage, method):
        sha.update(path.relative_to(PACKAGE).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return sha.hexdigest()


@cache
def _closure(roots: tuple[str, ...]) -> frozenset[Path]:
    found: dict[str, Path] = {}
    waiting = list(roots)
    while waiting:
        name = waiting.pop()
        path = _path(name)
        if path is None or name in found:
            continue
        found[name] = path
        waiting.extend(_imports(path))
        # Importing a.b runs a's __init__ too.
        waiting.append(name.rpartition(".")[0])
    return frozenset(found.values())


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
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.extend(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.append(node.module)
            names.extend(f"{node.module}.{alias.name}" for alias in node.names)
    return tuple(names)

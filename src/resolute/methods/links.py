"""Links in `data/own/methods/` to the file of somebody's own network and to what that imports with a dot.

Links and no copies, so that both engines see an edit where the files lie. No stage imports this.
"""

import ast
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from resolute.core import layout, own
from resolute.core.errors import ResoluteError
from resolute.core.reading import check_regular, reading


def check_file(file: Path) -> None:
    """Refuse a network's file that is not there or cannot be read."""
    with reading(file, "give the path of a Python file and its class, such as my_net.py:MyNet"):
        check_regular(file)


def missing(code: Path, file: Path) -> dict[Path, Path]:
    """The links that a network still needs, and the files that they are to lead to.

    Args:
        code: where the workflow finds its file, in `data/own/methods/`; a file that lies there itself needs no link.
    """
    if file.parent.resolve() == own.folder("methods").resolve():
        return {}
    file = Path(os.path.normpath(file.absolute()))
    pairs = {code: file, **{code.parent / one.relative_to(file.parent): one for one in _imported(file)}}
    return {link: target for link, target in pairs.items() if not (link.exists() and link.samefile(target))}


@contextmanager
def linked(links: dict[Path, Path], ours: Path | None) -> Iterator[None]:
    """Has links lead to the files of a network; where the block fails, they are what they were before.

    Args:
        links: as `missing` gives them.
        ours: the one that may be there already and lead to another file.

    Raises:
        ResoluteError: another file is where a link would be.
    """
    for link, target in links.items():
        if link.exists() and not (link == ours and link.is_symlink()):
            what = f"{layout.relative(link)} is another file ({link.resolve()}), where {target} would be linked"
            raise ResoluteError(f"{what}: rename one of them")
    before = {link: link.readlink() for link in links if link.is_symlink()}
    try:
        for link, target in links.items():
            link.parent.mkdir(parents=True, exist_ok=True)
            link.unlink(missing_ok=True)
            link.symlink_to(_as_written(link, target))
        yield
    except BaseException:
        for link in links:
            link.unlink(missing_ok=True)
            if link in before:
                link.symlink_to(before[link])
        raise


def _as_written(link: Path, target: Path) -> Path | str:
    """What a link holds: within the project a relative path, so that a copy or a clone of it has links to its own."""
    if not target.is_relative_to(layout.project_root()):
        return target
    return os.path.relpath(target.parent.resolve() / target.name, link.parent.resolve())


def _imported(file: Path) -> list[Path]:
    """The files in a file's folder, and below, that importing it runs: those that imports with a dot lead to."""
    root, found, waiting = file.parent, set[Path](), {file}
    while waiting:
        path = waiting.pop()
        found.add(path)
        packages = [folder / "__init__.py" for folder in path.parents]
        below = [one for one in (*packages, *_beside(path)) if one.is_relative_to(root)]
        waiting |= {one for one in below if one != root / "__init__.py" and one.is_file()} - found
    return sorted(found - {file})


def _beside(path: Path) -> Iterator[Path]:
    try:
        statements = ast.walk(ast.parse(path.read_bytes()))
    except (SyntaxError, ValueError):  # building it says so
        return
    for node in statements:
        if isinstance(node, ast.ImportFrom) and node.level:
            above = [*path.parents][: node.level][-1]
            whole = above.joinpath(*(node.module or "").split("."))
            for module in (whole, *(whole / alias.name for alias in node.names)):
                yield from (module.with_name(f"{module.name}.py"), module / "__init__.py")

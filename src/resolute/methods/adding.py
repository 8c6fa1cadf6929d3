"""A class of somebody's own becomes a method: its file is linked, tried, and described by an entry of the registry.

No stage imports this. A link and no copy, so that both engines see an edit where the file lies.
"""

import ast
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from resolute import registry
from resolute.core import atomic, layout, own
from resolute.core.errors import ResoluteError, UsageError
from resolute.core.reading import check_regular, reading
from resolute.core.schema import dump_yaml, read_yaml
from resolute.models.own import SIDE, check_size, create_own

SCALES = (2, 3, 4)  # tried where none are asked for
SIDES = (1, 2, 4, 8, 16, 32, SIDE)  # LR pixels that a network may need at least
HEADER = "# Written by `resolute method {name}`; what else it may say: docs/own_network.md\n"


def add(name: str, file: Path, class_name: str, given: Mapping[str, Any]) -> Path:
    """Write `data/own/methods/<name>.yaml`, and beside it links to a Python file and to what that imports with a dot.

    The class is built and tried first. Where that fails, everything is as it was before.

    Args:
        file: it need not lie in the project; one that lies in `data/own/methods/` needs no link.
        given: keys of the entry, which keeps its others where there is one. Where neither has `scales`, they are those
            of x2, x3 and x4 that the class is for; a `minimum_side` is found.

    Raises:
        ResoluteError: a name that the registry has, no such file or class, a class that cannot be built or makes no SR
            images, or a link that would lie where another file does.
    """
    target = own.folder("methods") / f"{name}.yaml"
    known = _known(name, target)
    with _linked(name, file, known) as code:
        facts = {**known, "file": code.name, "class": class_name, **given}
        atomic.write(target, HEADER.format(name=name) + dump_yaml({**facts, **_found(name, facts)}))
    return target


def _known(name: str, target: Path) -> dict[str, Any]:
    """What an entry of this name says so far, checked but for a file that is no longer there."""
    if not target.is_file():
        own.check_name(name, registry.names(), f"resolute method {name}")
        return {}
    facts = read_yaml(target)
    if not isinstance(facts, dict) or "file" not in facts:
        raise UsageError(f"{layout.relative(target)} is the entry of no class: give another name")
    if (target.parent / str(facts["file"])).exists():
        registry.entry(name)
    return facts


def _found(name: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    """The scales that a class is for and the least side of LR images (pixels): as the entry says, else by trying."""
    asked = facts.get("scales", "any")
    sides: dict[float, int] = {}
    for scale in SCALES if asked == "any" else asked:
        try:
            sides[scale] = _least_side(name, scale, facts)
        except ResoluteError:
            if "scales" in facts or (scale == SCALES[-1] and not sides):
                raise
    least = max(sides.values())
    return {"scales": facts.get("scales", list(sides)), **({"minimum_side": least} if least > 1 else {})}


def _least_side(name: str, scale: float, facts: Mapping[str, Any]) -> int:
    """The least side that a network takes, with one pixel more, too."""
    model = f"{own.PACKAGE}.{Path(facts['file']).stem}:{facts['class']}"
    network = create_own(model, scale, facts.get("arguments", {}))
    sides = (facts["minimum_side"],) if "minimum_side" in facts else SIDES
    for least in sides:
        try:
            for side in (least, least + 1):
                check_size(network, name, scale, side)
        except ResoluteError:
            if least == sides[-1]:
                raise
        else:
            break
    return int(least)


@contextmanager
def _linked(name: str, file: Path, known: Mapping[str, Any]) -> Iterator[Path]:
    """Yields a method's file in `data/own/methods/`, linked there with those that it imports; where the block fails,
    links are what they were before.
    """
    folder = own.folder("methods")
    with reading(file, "give the path of a Python file and its class, such as my_net.py:MyNet"):
        check_regular(file)
    if file.parent.resolve() == folder.resolve():
        yield file
        return
    main = folder / f"{name}.py"
    links = {link: target for link, target in _links(main, file.absolute(), known) if not _leads(link, target)}
    before = {link: link.readlink() for link in links if link.is_symlink()}
    try:
        for link, target in links.items():
            link.parent.mkdir(parents=True, exist_ok=True)
            link.unlink(missing_ok=True)
            link.symlink_to(target)
        yield main
    except BaseException:
        for link in links:
            link.unlink(missing_ok=True)
            if link in before:
                link.symlink_to(before[link])
        raise


def _links(main: Path, file: Path, known: Mapping[str, Any]) -> Iterator[tuple[Path, Path]]:
    """The links that a file needs, and where they lead; refuses to replace what is neither broken nor the entry's."""
    pairs = [(main, file), *((main.parent / one.relative_to(file.parent), one) for one in _imported(file))]
    for link, target in pairs:
        is_ours = link == main and link.is_symlink() and known.get("file") == main.name
        if link.exists() and not _leads(link, target) and not is_ours:
            what = f"{layout.relative(link)} is another file ({link.resolve()}), where {target} would be linked"
            raise ResoluteError(f"{what}: rename one of them")
        yield link, target


def _leads(link: Path, target: Path) -> bool:
    return link.exists() and link.samefile(target)


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

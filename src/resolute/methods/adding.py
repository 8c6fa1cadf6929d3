"""A class of somebody's own becomes a method: its file is linked, tried, and described by an entry of the registry.

No stage imports this.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from resolute import registry
from resolute.core import atomic, layout, own
from resolute.core.errors import ResoluteError, UsageError
from resolute.core.locks import making
from resolute.core.schema import dump_yaml, read_yaml
from resolute.methods import links
from resolute.models.own import SIDE, check_size, create_own

SCALES = (2, 3, 4)  # tried where none are asked for
SIDES = (1, 2, 4, 8, 16, 32, SIDE)  # LR pixels that a network may need at least
HEADER = "# Written by `resolute method {name}`; what else it may say: docs/own_network.md\n"


def add(name: str, file: Path, class_name: str, given: Mapping[str, Any]) -> Path:
    """Write `data/own/methods/<name>.yaml`, and beside it links to a Python file and to what that imports with a dot.

    The class is built and tried first. Where that fails, everything is as it was before. Who adds another at the same
    time waits.

    Args:
        file: it need not lie in the project; one that lies in `data/own/methods/` needs no link.
        given: keys of the entry, which keeps its others where there is one. Where neither has `scales`, they are those
            of x2, x3 and x4 that the class is for; a `minimum_side` is found.

    Raises:
        ResoluteError: a name that the registry has, no such file or class, a class that cannot be built or makes no SR
            images, or a link that would lie where another file does.
    """
    folder = own.folder("methods")
    target, link = folder / f"{name}.yaml", folder / f"{name}.py"
    links.check_file(file)
    with making(folder):
        _forget()  # another may have been added while this one waited
        known = _known(name, target)
        code = file if file.parent.resolve() == folder.resolve() else link
        with links.linked(links.missing(code, file), link if known.get("file") == link.name else None):
            facts = {**known, "file": code.name, "class": class_name, **given}
            atomic.write(target, HEADER.format(name=name) + dump_yaml({**facts, **_found(name, facts)}))
        _forget()
    return target


def _forget() -> None:
    """Have the registry read anew which methods there are, and what they say."""
    registry.names.cache_clear()
    registry.entry.cache_clear()


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

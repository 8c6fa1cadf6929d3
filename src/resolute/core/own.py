"""What somebody adds to the registries in one project, outside of the package: `data/own/{datasets,methods}/`.

An entry is one YAML file, called like what it adds; beside it lies what it needs.
"""

import re
from collections.abc import Collection
from pathlib import Path

from resolute.core import layout
from resolute.core.errors import ResoluteError

PACKAGE = "resolute_own"  # as which the Python files of `data/own/methods/` are imported
NETWORKS = "resolute.models.own"  # which builds the networks in them, and runs for no other method
_NAME = "[a-z][a-z0-9_]{0,63}"


def folder(room: str) -> Path:
    """Where entries of somebody's own lie; `room` is `datasets` or `methods`."""
    return layout.project_root() / "data/own" / room


def entries(room: str, known: Collection[str] = ()) -> dict[str, Path]:
    """The entries of somebody's own by their names; outside of a project there are none.

    Args:
        room: as in `folder`.
        known: the names of the registry that they stand beside.

    Raises:
        ResoluteError: a name that no path of the workflow can carry, or one that the registry has.
    """
    try:
        found = sorted(folder(room).glob("*.yaml"))
    except ResoluteError:
        return {}
    for path in found:
        check_name(path.stem, known, layout.relative(path))
    return {path.stem: path for path in found}


def check_name(name: str, known: Collection[str], where: str) -> None:
    """Refuse a name that no path of the workflow can carry, or that the registry has; `where` is for the message."""
    if not re.fullmatch(_NAME, name):
        raise ResoluteError(f"{where}: '{name}' is no name: take up to 64 small letters, digits and _, a letter first")
    if name in known:
        raise ResoluteError(f"{where}: the registry has a '{name}' already: give yours another name")

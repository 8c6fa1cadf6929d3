"""Networks of somebody's own that `params.yaml` names by their file and class: each becomes a method when it is read.

`./my_net.py:MyNet` is the method `my_net`, as `resolute method my_net ./my_net.py:MyNet` makes it. That happens once:
where the entry is there and leads to that class, reading params neither writes nor runs anything.
"""

import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from resolute import registry
from resolute.core import layout, own
from resolute.core.errors import ResoluteError
from resolute.core.schema import read_yaml
from resolute.datasets.folders import resolved
from resolute.methods import links

LISTS = ("trained", "counted", "timed", "onnxruntime")  # which may name them


def named(methods: list[str], where: str) -> list[str]:
    """The names of methods, of which some may be given as FILE:CLASS; these are made methods where they are not yet.

    Args:
        methods: a list of params. A path is relative to the project, absolute, or begins with `~`.
        where: for messages.

    Raises:
        ResoluteError: the file or the class is not there or makes no SR images, or its name is that of another method.
    """
    return [_named(one, where) if ":" in one else one for one in methods]


def check_quotes(path: Path) -> None:
    """Refuse a FILE:CLASS that stands in brackets without quotes: PyYAML reads it, but DVC stops at its colon."""
    inside = [False]
    for event in yaml.parse(path.read_bytes(), Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            inside.append(bool(event.flow_style))
        elif isinstance(event, yaml.CollectionEndEvent):
            inside.pop()
        elif isinstance(event, yaml.ScalarEvent) and inside[-1] and not event.style and ":" in event.value:
            mark: Any = event.start_mark
            where = f"{layout.relative(path)}, line {mark.line + 1}"
            raise ResoluteError(f"{where}: DVC does not read {event.value} without quotes: write '{event.value}'")


def check_names(methods: Iterable[str], where: str) -> None:
    """Refuse a FILE:CLASS where params are looked up by the name: DVC does not know what it stands for."""
    for one in methods:
        if ":" in one:
            raise ResoluteError(f"{where} has '{one}', which only lists of methods take: write {_name(one)}")


def _name(network: str) -> str:
    """What the method of a FILE:CLASS is called: as the class, in small letters, with a _ before each capital that
    follows a small letter.
    """
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", network.rpartition(":")[2]).lower()


def _named(network: str, where: str) -> str:
    given, _, class_name = network.rpartition(":")
    file, name = resolved(given), _name(network)
    own.check_name(name, (), f"{where}: {network}")
    try:
        links.check_file(file)
        if not _is_known(name, file, class_name):
            from resolute.methods.adding import add

            entry = layout.relative(add(name, file, class_name, {}))
            print(f"resolute: {network} is the method {name} from now on: {entry}", file=sys.stderr)
    except ResoluteError as error:
        raise ResoluteError(f"{where}: {network}: {error}") from error
    return name


def _is_known(name: str, file: Path, class_name: str) -> bool:
    """Whether a method leads to a class already, with all links; refuses the name of another that is there."""
    entry, taken = own.folder("methods") / f"{name}.yaml", ""
    if entry.is_file():
        facts = read_yaml(entry)
        facts = facts if isinstance(facts, dict) else {}
        code = entry.parent / str(facts.get("file", entry.name))
        if facts.get("class") == class_name and code.exists() and code.samefile(file):
            return not links.missing(code, file)
        if code.exists():  # else the file has moved
            taken = f"{layout.relative(code.resolve())}, by {layout.relative(entry)}"
    elif name in registry.names():
        taken = "a network of the registry"
    if taken:
        mend = "`resolute method NAME FILE:CLASS` gives it another name, to be listed instead"
        raise ResoluteError(f"it would be called {name}, as is {taken}: {mend}")
    return False

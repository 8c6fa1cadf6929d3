"""YAML files that mean one thing to every reader, and JSON schemas; errors name key, value and the right one."""

import json
import math
import re
import stat
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from resolute.core import layout
from resolute.core.errors import ResoluteError, nearest
from resolute.core.reading import brief, reading

# Far beyond what any file of the project needs, and little enough to read on any machine.
_LARGEST = 16 << 20  # bytes
_MOST = 500_000  # values, those that aliases stand for included
_DEEPEST = 50
# What plain text stands for in YAML 1.2.
_PLAIN: dict[re.Pattern[str], Callable[[str], Any]] = {
    re.compile(r"~|null|Null|NULL|"): lambda _: None,
    re.compile(r"true|True|TRUE|false|False|FALSE"): lambda text: text[0] in "tT",
    re.compile(r"[-+]?(0|[1-9][0-9]{0,30})"): int,
    re.compile(r"[-+]?(\.[0-9]+|[0-9]+\.[0-9]*)([eE][-+]?[0-9]+)?|[-+]?[0-9]+[eE][-+]?[0-9]+"): float,
    re.compile(r"[-+]?(\.(inf|Inf|INF)|[1-9][0-9]{31,})|\.(nan|NaN|NAN)"): lambda _: math.nan,
}
_SHOWN = 100  # characters of a wrong value


class _Dumper(yaml.SafeDumper):
    """Quotes `1e-3` where it is text: it is a number in YAML 1.2, in DVC and here."""


_Dumper.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"[-+]?\d+(\.\d*)?[eE][-+]?\d+$"), list("-+0123456789")
)


def dump_yaml(value: Any) -> str:
    """A value as the text that `read_yaml` reads it from."""
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, default_flow_style=None, width=110, allow_unicode=True)


def read_yaml(path: Path, repair: str = "") -> Any:
    """The content of a YAML file: maps with text as keys, lists, text, finite numbers, true, false and null.

    It is read as YAML 1.2 is, with the merge key `<<`. What readers of YAML 1.1 and 1.2 understand differently (`yes`,
    `010`, dates) is refused, as are keys that are there twice, tags, numbers that are not finite, and what would take
    much time or memory: the file is bounded in size and depth, and in the values that its aliases stand for.

    Args:
        repair: what mends the file, as the last part of an error message.
    """
    repair = repair or "mend it, or take it from git again"
    with reading(path, repair):
        facts = path.stat()
        if facts.st_size > _LARGEST:
            raise _refusal(path, f" is too large for a YAML file ({facts.st_size:,} bytes): {repair}")
        if not stat.S_ISREG(facts.st_mode):
            raise _refusal(path, f" is no file: {repair}")
        try:
            text = path.read_bytes().decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise _refusal(path, f" is not UTF-8 (byte {error.start}): save it as UTF-8") from None
        try:
            return _Parser(text).document()
        except _RefusedError as error:
            raise _refusal(path, f", line {error.line}: {error}") from None
        except yaml.MarkedYAMLError as error:
            where = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
            raise _refusal(path, f" is not valid YAML ({where}{error.problem}): {repair}") from None
        except yaml.YAMLError as error:
            raise _refusal(path, f" is not valid YAML ({brief(error)}): {repair}") from None


def _refusal(path: Path, why: str) -> ResoluteError:
    return ResoluteError(f"{layout.relative(path)}{why}")


class _RefusedError(Exception):
    def __init__(self, event: Any, why: str) -> None:
        super().__init__(why)
        self.line = _line(event)


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1


class _Parser:
    """Builds values from the events of one document, so that nothing is taken into memory before it is counted."""

    def __init__(self, text: str) -> None:
        self._events = yaml.parse(text, Loader=yaml.CSafeLoader)
        self._resolver = yaml.resolver.Resolver()
        self._anchors: dict[str, Any] = {}
        self._count = 0

    def document(self) -> Any:
        next(self._events)  # the stream's start
        event = next(self._events)
        if isinstance(event, yaml.StreamEndEvent):
            return None
        value = self._value(next(self._events), 0)
        next(self._events)  # the document's end
        event = next(self._events)
        if not isinstance(event, yaml.StreamEndEvent):
            raise _RefusedError(event, "a second document begins: keep one")
        return value

    def _value(self, event: Any, depth: int) -> Any:
        self._counted(event, depth)
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in self._anchors:
                raise _RefusedError(event, f"no finished value has the anchor '{event.anchor}': write the value out")
            return self._copied(self._anchors[event.anchor], event, depth)
        if event.tag is not None:
            raise _RefusedError(event, f"the tag {event.tag} is not understood here: write the value without it")
        value: Any
        if isinstance(event, yaml.ScalarEvent):
            value = self._scalar(event)
        elif isinstance(event, yaml.SequenceStartEvent):
            value = [self._value(item, depth + 1) for item in self._until(yaml.SequenceEndEvent)]
        else:
            value = self._map(depth + 1)
        if event.anchor is not None:
            self._anchors[event.anchor] = value
        return value

    def _until(self, end: type[yaml.Event]) -> Iterator[Any]:
        while not isinstance(event := next(self._events), end):
            yield event

    def _map(self, depth: int) -> dict[str, Any]:
        own: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        lines: dict[str, int] = {}
        for event in self._until(yaml.MappingEndEvent):
            self._counted(event, depth)
            if not isinstance(event, yaml.ScalarEvent) or event.tag is not None:
                raise _RefusedError(event, "a key is no text: write it as a name")
            key, line = event.value, _line(event)
            if key in lines:
                raise _RefusedError(event, f"the key '{key}' is there twice (first in line {lines[key]}): keep one")
            lines[key] = line
            value = self._value(next(self._events), depth)
            if key == "<<" and event.implicit[0]:
                merged = self._merged(event, value)
            else:
                own[key] = value
        return {**merged, **own}

    def _merged(self, event: Any, value: Any) -> dict[str, Any]:
        maps = value if isinstance(value, list) else [value]
        if not all(isinstance(one, dict) for one in maps):
            raise _RefusedError(event, "<< merges maps: give it one, or a list of them")
        return {key: item for one in reversed(maps) for key, item in one.items()}

    def _scalar(self, event: Any) -> Any:
        if not event.implicit[0]:
            return event.value
        found = next((make(event.value) for form, make in _PLAIN.items() if form.fullmatch(event.value)), event.value)
        if isinstance(found, float) and not math.isfinite(found):
            raise _RefusedError(event, f"{_short(event.value)} is beyond all numbers: write one that is finite")
        older = self._resolver.resolve(yaml.ScalarNode, event.value, (True, False))
        if isinstance(found, str) and not older.endswith(":str"):
            advice = "write a plain number, true or false, or put text in quotes"
            raise _RefusedError(event, f"{_short(event.value)} is not the same to all readers of YAML: {advice}")
        return found

    def _copied(self, value: Any, event: Any, depth: int) -> Any:
        """Copies, so that who changes a value of what was read changes no other."""
        self._counted(event, depth)
        if isinstance(value, dict):
            return {key: self._copied(item, event, depth + 1) for key, item in value.items()}
        if isinstance(value, list):
            return [self._copied(item, event, depth + 1) for item in value]
        return value

    def _counted(self, event: Any, depth: int) -> None:
        self._count += 1
        if self._count > _MOST:
            raise _RefusedError(
                event, f"the file has more than {_MOST:,} values, with those of its aliases: shorten it"
            )
        if depth > _DEEPEST:
            raise _RefusedError(event, f"values lie more than {_DEEPEST} levels deep: write them less deep")


@cache
def _read_schema(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


@cache
def _strict() -> Any:
    from jsonschema import Draft202012Validator, validators

    # JSON schema calls 100.0 an integer, but a count is used as one, and DVC names files by it. Python's `$` also
    # matches before a last line break.
    checker = Draft202012Validator.TYPE_CHECKER.redefine("integer", lambda _, value: type(value) is int)
    return validators.extend(Draft202012Validator, {"pattern": _pattern}, type_checker=checker)


def _pattern(_: Any, pattern: str, instance: Any, __: Any) -> Any:
    from jsonschema import ValidationError

    if isinstance(instance, str) and (instance.endswith("\n") or not re.search(pattern, instance)):
        yield ValidationError(f"'{_short(instance)}' does not match '{pattern}'")


def validate(document: Any, schema: Path | Mapping[str, Any], where: str) -> None:
    """Refuse a document that breaks its schema, in one line.

    Args:
        document: what a YAML or JSON file held.
        schema: the JSON schema (draft 2020-12), or the file that holds it.
        where: how the message calls the document, usually its path.
    """
    strict = _strict()
    validator = strict(
        _read_schema(schema) if isinstance(schema, Path) else schema, format_checker=strict.FORMAT_CHECKER
    )
    # The first alone: a document of a wrong kind breaks it a million times.
    error = next(validator.iter_errors(document), None)
    if error:
        raise ResoluteError(_message(error, where))


def _message(error: Any, where: str) -> str:
    key = ".".join(str(part) for part in error.absolute_path)
    value = _short(error.instance)
    if error.validator == "additionalProperties":
        known = error.schema.get("properties", {})
        unknown = next(name for name in error.instance if name not in known)
        full = f"{key}.{unknown}" if key else unknown
        return f"{where}: unknown key '{full}': {nearest(unknown, known)}"
    if error.validator == "enum":
        hint = nearest(value, map(str, error.validator_value))
        return f"{where}: {key} is '{value}': {hint}"
    if error.validator == "required":
        missing = next(name for name in error.validator_value if name not in error.instance)
        return f"{where}: '{f'{key}.{missing}' if key else missing}' is missing"
    if error.validator == "oneOf" and all("required" in choice for choice in error.validator_value):
        choices = ", ".join("+".join(choice["required"]) for choice in error.validator_value)
        return f"{where}: {key or 'the document'} must have exactly one of {choices}"
    if isinstance(error.instance, float) and error.instance.is_integer() and error.validator in ("type", "anyOf"):
        return (
            f"{where}: {key} is {value}: write {error.instance:.0f}, a whole number has no point and no exponent here"
        )
    if error.instance is None and not key:
        return f"{where} is empty: write it anew"
    if error.validator is None:
        return f"{where}: {key or 'the document'}: {value} has no place here: remove it"
    message = error.message.replace(repr(error.instance), _short(repr(error.instance)))
    return f"{where}: {key or 'the document'}: {message}"


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."

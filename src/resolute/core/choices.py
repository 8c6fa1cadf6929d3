"""A choice by name with its options: `l1`, or `{l1_fft: {weight: 0.05}}`.

What may be chosen are functions; their keyword-only parameters are the options, with their defaults. What may be
written follows from these signatures alone: the JSON schema of params and registry, and the check here.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, get_args, get_origin

from resolute.core.errors import ResoluteError, nearest

Schema = dict[str, Any]
_TYPES = {int: "integer", float: "number", bool: "boolean", str: "string"}


@dataclass(frozen=True)
class Choice:
    """A name and all options of what it stands for, defaults included: equal choices are the same thing."""

    name: str
    options: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        options = ", ".join(f"{name} {value}" for name, value in self.options.items())
        return f"{self.name} ({options})" if options else self.name


class Choices(Mapping[str, Callable[..., Any]]):
    """What may be chosen, by name.

    Args:
        what: the key under which it is chosen, for messages.
        functions: one for every name.
    """

    def __init__(self, what: str, functions: Mapping[str, Callable[..., Any]]) -> None:
        self.what, self._functions = what, dict(functions)

    def __getitem__(self, name: str) -> Callable[..., Any]:
        return self._functions[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._functions)

    def __len__(self) -> int:
        return len(self._functions)

    def parse(self, written: str | Mapping[str, Any] | Choice) -> Choice:
        """The choice that a file spells.

        Raises:
            ResoluteError: there is no such name, or no such option.
        """
        if isinstance(written, Choice):
            return written
        name, given = (written, {}) if isinstance(written, str) else next(iter(written.items()))
        if name not in self:
            raise ResoluteError(f"{self.what} is '{name}': {nearest(name, self)}")
        options = {option: parameter.default for option, parameter in _options(self[name]).items()}
        for option, value in (given or {}).items():
            if option not in options:
                known = nearest(option, options) if options else "it takes none"
                raise ResoluteError(f"{self.what} {name} has no option '{option}': {known}")
            options[option] = tuple(value) if isinstance(value, list) else value
        return Choice(name, options)

    def function(self, choice: Choice) -> Callable[..., Any]:
        """What a choice stands for, with its options."""
        return partial(self[choice.name], **choice.options)

    def schema(self) -> Schema:
        """The JSON schema of what a file may say: a name, or one name with options."""
        properties = {name: _options_schema(function) for name, function in self.items()}
        return {
            "if": {"type": "string"},
            "then": {"enum": list(self)},
            "else": {
                "type": "object",
                "additionalProperties": False,
                "minProperties": 1,
                "maxProperties": 1,
                "properties": properties,
            },
        }


def schema_of(annotation: Any) -> Schema:
    """The JSON schema of a value of an annotated type; the mappings in `Annotated[type, {...}]` narrow it."""
    if hasattr(annotation, "__metadata__"):
        narrowed = schema_of(annotation.__origin__)
        for facts in annotation.__metadata__:
            narrowed |= facts
        return narrowed
    if get_origin(annotation) is tuple:
        return {"type": "array", "maxItems": 1000, "items": schema_of(get_args(annotation)[0])}
    return {"type": _TYPES[annotation]}


def _options(function: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    parameters = inspect.signature(function).parameters.values()
    return {one.name: one for one in parameters if one.kind is inspect.Parameter.KEYWORD_ONLY}


def _options_schema(function: Callable[..., Any]) -> Schema:
    properties = {name: schema_of(option.annotation) for name, option in _options(function).items()}
    return {"type": "object", "additionalProperties": False, "properties": properties}

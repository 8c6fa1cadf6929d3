"""JSON schema validation with messages that name the key, the value and the nearest right one."""

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from resolute.core.errors import ResoluteError, nearest


class _Loader(yaml.CSafeLoader):
    """YAML 1.1 as PyYAML reads it, but `1e-3` is a number, as in YAML 1.2 and in DVC."""


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"[-+]?\d+(\.\d*)?[eE][-+]?\d+$"), list("-+0123456789")
)


def read_yaml(path: Path) -> Any:
    """A YAML file's content; a file that is absent or no YAML is one clear error."""
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)
    except FileNotFoundError:
        raise ResoluteError(f"{path} does not exist") from None
    except yaml.YAMLError as error:
        raise ResoluteError(f"{path} is not valid YAML: {' '.join(str(error).split())}") from None


@cache
def _read_schema(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def validate(document: Any, schema: Path | Mapping[str, Any], where: str) -> None:
    """Refuse a document that breaks its schema, in one line.

    Args:
        document: what a YAML or JSON file held.
        schema: the JSON schema (draft 2020-12), or the file that holds it.
        where: how the message calls the document, usually its path.
    """
    from jsonschema import Draft202012Validator

    validator = Draft202012Validator(_read_schema(schema) if isinstance(schema, Path) else schema)
    errors = sorted(validator.iter_errors(document), key=lambda error: list(map(str, error.path)))
    if errors:
        raise ResoluteError(_message(errors[0], where))


def _message(error: Any, where: str) -> str:
    key = ".".join(str(part) for part in error.absolute_path)
    if error.validator == "additionalProperties":
        known = error.schema.get("properties", {})
        unknown = next(name for name in error.instance if name not in known)
        full = f"{key}.{unknown}" if key else unknown
        return f"{where}: unknown key '{full}': {nearest(unknown, known)}"
    if error.validator == "enum":
        hint = nearest(str(error.instance), map(str, error.validator_value))
        return f"{where}: {key} is '{error.instance}': {hint}"
    if error.validator == "required":
        missing = next(name for name in error.validator_value if name not in error.instance)
        return f"{where}: '{f'{key}.{missing}' if key else missing}' is missing"
    return f"{where}: {key or 'the document'}: {error.message}"

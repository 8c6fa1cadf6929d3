"""What other stages hand to the page as files, checked: the page trusts none of them to be what it should."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from markupsafe import Markup

from resolute.core.reading import reading

SCHEMAS = Path(__file__).with_name("figures.schema.json")
# All that the HTML of a table is made of.
_TABLE = frozenset(
    [
        *("a", "b", "caption", "details", "div", "h3", "li", "ol", "p", "small", "span", "summary", "sup"),
        *("table", "tbody", "td", "th", "thead", "tr", "ul"),
    ]
)
_TAG = re.compile(r"<(/?)([a-z0-9]+)(?: [^<>]*)?>")


def figure_data(path: Path) -> dict[str, Any]:
    """The data of a figure that the page draws anew, and the figure's name."""
    with reading(path):
        facts = _json(path)
        _check(facts, next(prefix for prefix in _schemas() if path.stem.startswith(prefix)))
    return {"name": path.stem, **facts}


def table(path: Path) -> Markup:
    """A table, which the stage `tables` has escaped: elements of tables alone, all of them closed."""
    with reading(path):
        text = path.read_text(encoding="utf-8")
        opened: list[str] = []
        tags = _TAG.findall(text)
        for closes, name in tags:
            if name not in _TABLE or (closes and (not opened or opened.pop() != name)):
                raise ValueError(f"'{name}' is no part of a table, or in the wrong place")
            opened += [] if closes else [name]
        if opened or not tags or text.count("<") != len(tags):
            raise ValueError("it is no whole table")
        return Markup(text)


def _json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"), parse_constant=_no_number)


def _no_number(text: str) -> None:
    raise ValueError(f"'{text}' is no number")


@cache
def _schemas() -> dict[str, Any]:
    return dict(json.loads(SCHEMAS.read_text(encoding="utf-8")))


def _check(facts: Any, kind: str) -> None:
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import best_match

    error = best_match(Draft202012Validator(_schemas()[kind]).iter_errors(facts))
    if error:
        raise ValueError(f"{error.json_path}: {error.message}")

"""What the site has of the code and of documents outside of this folder: nothing is typed twice.

A page says `<!-- here: methods -->` for a table of `MADE`, `<!-- here: CONTRIBUTING.md -->` for a document and
`<!-- here: README.md, Start -->` for a section of one; MkDocs calls `on_page_markdown` when it builds the site.
"""

import os.path
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from resolute import datasets, registry
from resolute.cli import listing
from resolute.metrics.protocols import PROTOCOLS
from resolute.params import presets
from resolute.params.schema import params_schema

REPOSITORY = Path(__file__).parents[1]
UNBOUNDED = 1_000_000_000  # what the schema has where it means any number
PLACE = re.compile(r"^<!-- here: (.+) -->$", re.MULTILINE)


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """MkDocs' event: a page's text, with what belongs into its places."""
    return filled(markdown, page.file.src_uri)


def filled(markdown: str, page: str) -> str:
    """The text of a page, named as in `docs/`, with what belongs into its places."""
    return PLACE.sub(lambda place: MADE[place[1]]() if place[1] in MADE else _document(place[1], page), markdown)


def _document(wanted: str, page: str) -> str:
    """A document, or a section of it, without its title; a link that leads to no page is plain text."""
    name, _, section = wanted.partition(", ")
    text = (REPOSITORY / name).read_text(encoding="utf-8")
    body = text.partition("\n")[2]
    if section:
        body = re.split(r"^## .*\n", text.split(f"\n## {section}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]

    def link(found: re.Match[str]) -> str:
        label, target = found[1], found[2]
        if "://" in target:
            return found[0]
        place = PurePosixPath(os.path.normpath(PurePosixPath(name).parent / target))
        if place.parts[0] != "docs":
            return f"`{label}`" if "/" in label else label
        return f"[{label}]({os.path.relpath(place.relative_to('docs'), PurePosixPath(page).parent)})"

    return re.sub(r"\[([^\]]+)\]\(([^)]+)\)", link, body)


def _cli() -> str:
    """Every command with its arguments and options, as Typer writes them down."""
    words = [sys.executable, "-m", "typer", "resolute.cli", "utils", "docs", "--name", "resolute"]
    text = subprocess.run(words, check=True, capture_output=True, text=True).stdout.partition("\n")[2]
    text = re.sub(r"\*\*Commands\*\*:\n\n(\* .*\n)+", "", text)  # cut short, and in the table of contents
    text = "\n".join(line if line.startswith("$ ") else _escaped(line) for line in text.split("\n"))
    return re.sub(r"\n((?:^resolute .*\n)+)", lambda forms: f"\n```text\n{forms[1]}```\n", text, flags=re.MULTILINE)


def _methods() -> str:
    def row(facts: Mapping[str, Any]) -> list[str]:
        entry = registry.entry(facts["method"])
        name = f"[{facts['title']}]({entry.paper['url']})" if entry.paper.get("url") else facts["title"]
        source = ", ".join(f"`{tag}` ({one.licence})" for tag, one in entry.published.items())
        points = ", ".join(f"`{one}`" for one in entry.settings)
        return [
            f"`{facts['method']}`",
            name,
            str(facts["year"]),
            entry.kind,
            ", ".join(facts["scales"]),
            source,
            points,
        ]

    heads = ("method", "title", "year", "kind", "scales", "published weights (licence)", "settings")
    return _table(heads, map(row, listing.methods()))


def _datasets() -> str:
    def row(name: str) -> list[str]:
        entry = datasets.entry(name)
        splits = ", ".join(f"{one} ({split.use})" for one, split in entry.splits.items())
        return [f"`{name}`", entry.title, splits, entry.variant, entry.licence]

    return _table(("data set", "title", "splits", "LR images by", "licence"), map(row, datasets.names()))


def _papers() -> str:
    rows = ([f"`{row['paper']}`", f"`{row['table']}`", row["title"]] for row in listing.papers())
    return _table(("paper", "table", "title"), rows)


def _protocols() -> str:
    def row(name: str) -> list[str]:
        one = PROTOCOLS[name]
        compared = "Y" if one.uses_luma else "RGB, pooled"
        rounded = ", ".join(["SR"] * one.rounds_sr + ["Y"] * one.rounds_luma) or "nothing"
        return [f"`{name}`", compared, rounded, *(str(one.shave(scale)) for scale in (2, 3, 4)), one.description]

    heads = ("protocol", "compares", "rounds", "shaved at x2", "at x3", "at x4", "in words")
    return _table(heads, map(row, PROTOCOLS))


def _presets() -> str:
    def row(name: str) -> list[str]:
        settings = presets.resolve(name)
        data, methods = settings["data"], settings["methods"]
        scales = ", ".join(f"x{scale:g}" for scale in settings["scales"])
        counts = (str(len(methods[kind])) for kind in ("published", "trained", "counted"))
        return [f"`{name}`", scales, ", ".join(data["train"]), ", ".join(data["test"]), *counts]

    heads = ("preset", "scales", "trains on", "tests on", "published weights", "trained", "counted")
    return _table(heads, map(row, presets.names()))


def _params() -> str:
    """Every key of `params.yaml`, with what it takes."""
    schema = params_schema()

    def resolved(facts: Mapping[str, Any]) -> Mapping[str, Any]:
        return {**schema["$defs"].get(facts.get("$ref", "").rpartition("/")[2], {}), **facts}

    def settings(facts: Mapping[str, Any], key: str) -> Iterator[list[str]]:
        facts = resolved(facts)
        if key:
            takes = _taken(facts)
            takes += f" of {_taken(resolved(facts['items']))}" if facts.get("items") else ""
            yield [f"`{key}`", takes, facts.get("description", "")]
        for name, inner in facts.get("properties", {}).items():
            yield from settings(inner, f"{key}.{name}" if key else name)
        if isinstance(facts.get("additionalProperties"), dict):
            yield from settings(facts["additionalProperties"], f"{key}.<name>")

    return _table(("key", "takes", ""), settings(schema, ""))


def _taken(facts: Mapping[str, Any]) -> str:
    """What a value may be, in words."""
    choices = facts.get("enum") or facts.get("then", {}).get("enum")
    if choices:
        return ", ".join(f"`{one}`" for one in choices)
    names = {"object": "keys", "array": "a list", "string": "text", "integer": "a whole number", "number": "a number"}
    words = [" or ".join(names.get(kind, kind) for kind in _listed(facts.get("type", [])))]
    words += [f"from {facts['minimum']:g}"] if "minimum" in facts else []
    words += [f"above {facts['exclusiveMinimum']:g}"] if "exclusiveMinimum" in facts else []
    words += [f"up to {facts['maximum']:g}"] if facts.get("maximum", UNBOUNDED) < UNBOUNDED else []
    return ", ".join(filter(None, words))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(
        f"| {' | '.join(_escaped(' '.join(cell.split()).replace('|', '&#124;')) for cell in line)} |" for line in lines
    )


def _escaped(text: str) -> str:
    """Text whose `<` are not taken for HTML, but in code marks, where they stand for themselves."""
    return re.sub(r"(`[^`]*`)|<", lambda found: found[1] or "&lt;", text)


MADE: dict[str, Callable[[], str]] = {
    "commands": _cli,
    "methods": _methods,
    "datasets": _datasets,
    "papers": _papers,
    "protocols": _protocols,
    "presets": _presets,
    "params": _params,
}

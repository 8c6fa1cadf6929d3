"""What the papers print and whether it holds: counts, and what does not hold and why."""

import csv
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from resolute.core import layout
from resolute.core.reading import reading
from resolute.core.schema import read_yaml
from resolute.measurements import titles

VERDICTS = ("reproduced", "explained", "differs", "not comparable", "cannot be measured", "not run")
JUDGED = VERDICTS[:3]
FIGURES = {"published": "published figures", "official_outputs": "outputs of the official code"}
_SUFFIX = "_verdict"


@dataclass(frozen=True)
class Disagreement:
    """A printed figure that was measured to be another; both with the unit, at digits that tell them apart."""

    network: str
    column: str
    paper: str
    here: str
    verdict: str
    reason: str


@dataclass(frozen=True)
class Published:
    """A table of a paper; `counts` by verdict, `kind` and `preset` as in its specification."""

    paper: str
    table: str
    kind: str
    preset: str
    title: str
    citation: str
    counts: Mapping[str, int]
    disagreements: tuple[Disagreement, ...]

    @property
    def source(self) -> str:
        """The paper, without the number of its table."""
        return self.citation.rpartition(", Table")[0] or self.citation

    @property
    def is_measured(self) -> bool:
        """Whether this run has measured any of it."""
        return any(self.counts.get(verdict) for verdict in VERDICTS[:4])

    @property
    def judged(self) -> int:
        """How many figures this run could check."""
        return sum(self.counts.get(verdict, 0) for verdict in JUDGED)

    @property
    def figures(self) -> str:
        """What its figures are."""
        return FIGURES[self.kind]


def kind_of(paper: str, table: str) -> str:
    """What the figures of a table are: a key of `FIGURES`."""
    path = layout.published_tables() / paper / f"{table}.yaml"
    return str(_spec(path)["kind"]) if path.is_file() else "published"


def published(fragments: Sequence[Path], verdicts: Mapping[str, Mapping[str, Mapping[str, int]]]) -> list[Published]:
    """The papers' tables, from the files that stand beside their HTML fragments.

    Args:
        fragments: HTML files of the stage `tables`, in the order wanted.
        verdicts: counts by paper and table.
    """
    found = []
    for path in fragments:
        paper, table = path.parent.name, path.stem
        spec_file = layout.published_tables() / paper / f"{table}.yaml"
        if table in verdicts.get(paper, {}) and spec_file.is_file():
            spec = _spec(spec_file)
            found.append(
                Published(
                    paper=paper,
                    table=table,
                    kind=spec["kind"],
                    preset=spec["preset"],
                    title=spec["title"],
                    citation=spec["citation"],
                    counts=verdicts[paper][table],
                    disagreements=tuple(_disagreements(path.with_suffix(".csv"), spec["columns"], spec["labels"])),
                )
            )
    return found


def _spec(path: Path) -> dict[str, Any]:
    """What the page tells of a table's or ranking's specification; `columns` by their keys."""
    with reading(path):
        facts = read_yaml(path)
        return {
            "kind": facts.get("kind", "published"),
            "preset": facts.get("preset", ""),
            "title": facts["title"],
            "citation": facts["source"]["citation"],
            "labels": facts.get("labels", []),
            "columns": {column["key"]: column for column in facts.get("columns") or facts["rankings"]},
        }


def _disagreements(path: Path, columns: Mapping[str, Any], labels: Sequence[str]) -> Iterator[Disagreement]:
    """Those without an explanation first."""
    if not path.is_file():
        return
    with reading(path):
        yield from _disagreeing(path, columns, labels)


def _disagreeing(path: Path, columns: Mapping[str, Any], labels: Sequence[str]) -> Iterator[Disagreement]:
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file, strict=True))
    for verdict in ("differs", "explained"):
        for row in rows:
            for name in [name for name, value in row.items() if name.endswith(_SUFFIX) and value == verdict]:
                key = name.removesuffix(_SUFFIX)
                paper, here = float(row[f"{key}_paper"]), float(row[f"{key}_measured"] or row[f"{key}_trained"])
                digits = columns[key]["digits"]
                if f"{paper:.{digits}f}" == f"{here:.{digits}f}":
                    digits += 1
                unit = f" {columns[key]['unit']}" if columns[key].get("unit") else ""
                yield Disagreement(
                    network=_network(row, labels),
                    column=columns[key]["header"],
                    paper=f"{paper:.{columns[key]['digits']}f}{unit}",
                    here=f"{here:.{digits}f}{unit}",
                    verdict=verdict,
                    reason=row[f"{key}_reason"],
                )


def _network(row: Mapping[str, str], labels: Sequence[str]) -> str:
    """`BSRN (XPixel)`: the network, and what else the paper's row says before it but for its rank."""
    title = titles.method_title(row["method"])
    others = [row[label] for label in labels[:-1] if row[label] not in ("", title) and not row[label].isdigit()]
    return title + (f" ({', '.join(others)})" if others else "")


@dataclass(frozen=True)
class Claim:
    """A figure that a paper's table prints, and the one found instead; `protocol` is what it was found by."""

    title: str
    header: str
    unit: str
    protocol: str
    claim: str
    finding: str


@dataclass(frozen=True)
class Erratum:
    """The figures of a method that do not hold for one reason, its evidence, and the commands that show it.

    A `kind` of `remark` is about figures that hold, or that no paper prints, but that mislead.
    """

    kind: str
    method: str
    evidence: str
    claims: tuple[Claim, ...]
    commands: tuple[str, ...]


def errata() -> list[Erratum]:
    """The papers' known errors, and remarks on figures that mislead."""
    found: dict[tuple[str, str, str], list[tuple[Claim, str]]] = defaultdict(list)
    spec = cache(_spec)
    for path in sorted(layout.published_tables().glob("*/errata.csv")):
        with reading(path), path.open(newline="", encoding="utf-8") as file:
            for known in csv.DictReader(file):
                method = known["row"].partition(" ")[0]  # what follows is only there where a method has several rows
                found[known["kind"], method, known["evidence"]].append(
                    (_claim(spec, path.parent, known), known["command"])
                )
    return [
        Erratum(*about, tuple(claim for claim, _ in known), tuple(dict.fromkeys(shown for _, shown in known)))
        for about, known in found.items()
    ]


def _claim(read: Callable[[Path], dict[str, Any]], paper: Path, known: Mapping[str, str]) -> Claim:
    spec = read(paper / f"{known['table']}.yaml")
    facts = spec["columns"][known["column"]]
    protocol = facts.get("measured", facts.get("match", {})).get("protocol", "")
    return Claim(spec["title"], facts["header"], facts.get("unit", ""), protocol, known["claim"], known["finding"])

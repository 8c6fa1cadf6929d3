"""A published table's specification (`data/published/<paper>/<table>.yaml`) and what belongs to it."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from resolute.core import layout
from resolute.core.errors import ResoluteError, nearest
from resolute.core.reading import reading
from resolute.core.schema import read_yaml, validate
from resolute.tables.lines import read_lines
from resolute.tables.verdict import KINDS, Erratum, Tolerance

FOLDER = Path(__file__).parent
ERRATA_COLUMNS = ["kind", "table", "row", "column", "claim", "finding", "evidence", "command"]

Match = Mapping[str, Any]
"""Values of the long form's columns that select one number."""


@dataclass(frozen=True)
class Column:
    """One quantity of the table. `digits` are those that the paper prints after the point, in `unit`."""

    key: str
    header: str
    digits: int
    match: Match
    measured: Match = field(default_factory=dict)
    unit: str = ""
    published_only: bool = False
    missing: str = ""

    @property
    def measured_match(self) -> Match:
        return self.measured or self.match

    @property
    def basis(self) -> str:
        """What is measured and how: metric, data set, protocol, setting, LR size."""
        keys = ("metric", "dataset", "protocol", "setting", "lr_size")
        return ", ".join(self.measured_match[key] for key in keys if key in self.measured_match)


@dataclass(frozen=True)
class Row:
    """One method of the table, or one of its settings."""

    method: str
    labels: tuple[str, ...]
    match: Match = field(default_factory=dict)
    note: str = ""

    @property
    def key(self) -> str:
        """Names the row within its table: the method, and what else selects its figures."""
        return " ".join([self.method, *(f"{name}={value}" for name, value in self.match.items())])


@dataclass(frozen=True)
class Group:
    title: str
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Spec:
    """How a table is built: a join of the long forms by `match`, pivoted into rows and columns.

    `weights` names the published weights that the paper's own figures were made with: one tag for all methods
    (`published-<tag>`), or for each method the first of its registry entry (`published`). `kind` tells figures that the
    paper prints (`published`) from those scored on outputs of its official code (`official_outputs`).
    """

    path: Path
    title: str
    caption: str
    source: Mapping[str, Any]
    weights: str
    labels: tuple[str, ...]
    columns: tuple[Column, ...]
    groups: tuple[Group, ...]
    match: Match = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    kind: str = "published"
    preset: str = ""

    @property
    def paper(self) -> str:
        return self.path.parent.name

    @property
    def table(self) -> str:
        return self.path.stem

    @property
    def figures(self) -> Path:
        """The published figures in the long form."""
        return self.path.with_suffix(".csv")

    @cached_property
    def errata(self) -> dict[tuple[str, str], Erratum]:
        """The table's known errors by the keys of row and column."""
        return read_errata(self.path.with_name("errata.csv"), self.table)


def spec_files() -> list[Path]:
    """The specifications of all published tables, `data/published/<paper>/<table>.yaml`, in order."""
    return sorted(set(layout.published_tables().glob("*/*.yaml")) - set(ranking_files()))


def ranking_files() -> list[Path]:
    """The specifications of rankings, `data/published/<paper>/rankings.yaml`, in order."""
    return sorted(layout.published_tables().glob("*/rankings.yaml"))


def read_facts(path: Path) -> dict[str, Any]:
    """What the specification of a table, or of rankings, holds, checked against its schema."""
    return _read(path, "ranking.schema.json" if path.name == "rankings.yaml" else "table.schema.json")


def read_spec(path: Path) -> Spec:
    """A checked specification.

    Raises:
        ResoluteError: it breaks the schema, a row has too few labels, or two columns share a key.
    """
    where = layout.relative(path)
    facts = read_facts(path)
    columns = tuple(Column(**column) for column in facts.pop("columns"))
    key, times = Counter(column.key for column in columns).most_common(1)[0]
    if times > 1:
        raise ResoluteError(f"{where}: columns: the key '{key}' is there {times} times")
    groups = tuple(
        Group(group["title"], tuple(_row(row, len(facts["labels"]), where) for row in group["rows"]))
        for group in facts.pop("groups")
    )
    labels, notes = tuple(facts.pop("labels")), tuple(facts.pop("notes", ()))
    return Spec(path=path, columns=columns, groups=groups, labels=labels, notes=notes, **facts)


def read_tolerances(path: Path) -> dict[str, Tolerance]:
    """Tolerances by metric."""
    facts = _read(path, "tolerances.schema.json")
    return {metric: Tolerance(rule.get("within"), rule["compare"] == "never") for metric, rule in facts.items()}


def read_errata(path: Path, table: str) -> dict[tuple[str, str], Erratum]:
    """The known errors of a paper's table by the keys of row and column; none where the file is absent.

    Raises:
        ResoluteError: the file has other columns, a line with more or fewer fields, an unknown kind, or a claim or
            finding that is no number.
    """
    if not path.is_file():
        return {}
    errata = {}
    for where, (kind, of, row, column, *facts) in read_lines(path, ERRATA_COLUMNS):
        if kind not in KINDS:
            raise ResoluteError(f"{where}: unknown kind '{kind}': {nearest(kind, KINDS)}")
        for name, value in zip(ERRATA_COLUMNS[4:6], facts, strict=False):
            if not re.fullmatch(r"-?\d+(\.\d+)?", value):
                raise ResoluteError(f"{where}: the {name} '{value}' is no number")
        if of == table:
            errata[row, column] = Erratum(kind, *facts)
    return errata


def _read(path: Path, schema: str) -> dict[str, Any]:
    with reading(path):
        facts = read_yaml(path)
        validate(facts, FOLDER / schema, layout.relative(path))
    return dict(facts)


def _row(facts: dict[str, Any], labels: int, where: str) -> Row:
    row = Row(**{**facts, "labels": tuple(facts["labels"])})
    if len(row.labels) != labels:
        raise ResoluteError(f"{where}: {row.method} has {len(row.labels)} labels, the table has {labels}")
    return row

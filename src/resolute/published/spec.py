"""A published table's specification (`data/published/<paper>/<table>.yaml`) and what belongs to it."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from resolute.core import layout
from resolute.core.errors import ResoluteError
from resolute.published.errata import Erratum, read_errata
from resolute.published.files import read_facts

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
    paper prints (`published`) from those scored on outputs of its official code (`official_outputs`). Where the figures
    are of single `images` of a data set, and no means, every row stands there once for each of them.
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
    images: tuple[str, ...] = ()

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
        known = read_errata(self.path.with_name("errata.csv"))
        return {(row, column): erratum for (table, row, column), erratum in known.items() if table == self.table}


def read_spec(path: Path) -> Spec:
    """A checked specification.

    Raises:
        ResoluteError: it breaks the schema, a row has too few labels, two columns share a key, or one of images has
            several columns.
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
    labels, notes, images = tuple(facts.pop("labels")), tuple(facts.pop("notes", ())), tuple(facts.pop("images", ()))
    if images:
        if len(columns) > 1:
            raise ResoluteError(f"{where}: columns: a table of single images has one, not {len(columns)}")
        labels = (*labels, "Image")
        groups = tuple(Group(group.title, tuple(_each(group.rows, images))) for group in groups)
    return Spec(path=path, columns=columns, groups=groups, labels=labels, notes=notes, images=images, **facts)


def _each(rows: Iterable[Row], images: Sequence[str]) -> Iterator[Row]:
    """Every row once for each image."""
    for row in rows:
        for image in images:
            yield replace(row, labels=(*row.labels, image), match={**row.match, "image": image})


def _row(facts: dict[str, Any], labels: int, where: str) -> Row:
    row = Row(**{**facts, "labels": tuple(facts["labels"])})
    if len(row.labels) != labels:
        raise ResoluteError(f"{where}: {row.method} has {len(row.labels)} labels, the table has {labels}")
    return row

"""The specification of a paper's ranking (`data/published/<paper>/rankings.yaml`)."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from resolute.core import layout
from resolute.core.errors import ResoluteError, nearest
from resolute.published.files import read_facts
from resolute.published.spec import Column, Spec, read_spec


@dataclass(frozen=True)
class Term:
    """What a figure adds to a score: `weight` x exp(2 x figure / `baseline`)."""

    weight: float
    baseline: float


@dataclass(frozen=True)
class RankColumn:
    """One ranking, least first: by a figure of the table, by the `sum` of the places in other rankings, or by a `score`
    of their figures. `printed` is the metric that is the printed place, empty where none is printed.
    """

    key: str
    header: str
    printed: str = ""
    digits: int = 0
    unit: str = ""
    match: Mapping[str, Any] | None = None
    measured: Mapping[str, Any] | None = None
    sum: tuple[str, ...] = ()
    score: Mapping[str, Term] = field(default_factory=dict)

    @property
    def is_of_figures(self) -> bool:
        """Whether it ranks by a figure of the table."""
        return not self.sum and not self.score

    @property
    def figure(self) -> Column:
        """The column of figures that it ranks."""
        return Column(self.key, self.header, self.digits, self.match or {}, self.measured or {}, self.unit)

    @property
    def places(self) -> Column:
        """The column of printed places."""
        match = {"metric": self.printed}
        return Column(f"{self.key}_printed", self.header, 0, match, published_only=True)


@dataclass(frozen=True)
class RankingSpec:
    """Which group of which table is ranked, and by what; `figures` are that table's, in the long form."""

    spec: Spec
    figures: Path
    columns: tuple[RankColumn, ...]


def read_ranking(path: Path) -> RankingSpec:
    """A checked specification; its rows are those of one group of a table.

    Raises:
        ResoluteError: it breaks the schema, or names a table, a group or a ranking that is not there.
    """
    where = layout.relative(path)
    facts = read_facts(path)
    file = path.with_name(f"{facts['of']}.yaml")
    if not file.is_file():
        known = [other.stem for other in path.parent.glob("*.yaml") if other != path]
        raise ResoluteError(f"{where}: of: no table '{facts['of']}': {nearest(facts['of'], known)}")
    table = read_spec(file)
    titles = {group.title: group for group in table.groups}
    if facts["group"] not in titles:
        raise ResoluteError(f"{where}: group: no '{facts['group']}' in {file.name}: {nearest(facts['group'], titles)}")
    columns = tuple(map(_column, facts["rankings"]))
    for index, column in enumerate(columns):
        before = [other.key for other in columns[:index]]
        for key in {*column.sum, *column.score} - set(before):
            does = "sums" if column.sum else "scores"
            raise ResoluteError(f"{where}: rankings: {column.key} {does} '{key}': {nearest(key, before)}")
    described = {name: facts[name] for name in ("title", "caption", "source")}
    notes = tuple(facts.get("notes", ()))
    spec = replace(table, path=path, groups=(titles[facts["group"]],), notes=notes, **described)
    return RankingSpec(spec, table.figures, columns)


def _column(facts: Mapping[str, Any]) -> RankColumn:
    score = {key: Term(**term) for key, term in facts.get("score", {}).items()}
    return RankColumn(**{**facts, "sum": tuple(facts.get("sum", ())), "score": score})

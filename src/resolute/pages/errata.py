"""The papers' known errors, and remarks on figures that mislead, as a reader is told of them."""

from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from resolute.core.reading import reading
from resolute.published import Column, Erratum, errata_files, ranking_files, read_errata, read_ranking, read_spec


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
class KnownErrors:
    """The figures of a method that do not hold for one reason, its evidence, and the commands that show it.

    A `kind` of `remark` is about figures that hold, or that no paper prints, but that mislead.
    """

    kind: str
    method: str
    evidence: str
    claims: tuple[Claim, ...]
    commands: tuple[str, ...]


def errata() -> list[KnownErrors]:
    """The papers' known errors, and remarks on figures that mislead."""
    found: dict[tuple[str, str, str], list[tuple[Claim, str]]] = defaultdict(list)
    described = cache(_described)
    for path in errata_files():
        with reading(path):
            for (table, row, column), known in read_errata(path).items():
                title, columns = described(path.with_name(f"{table}.yaml"))
                method, _, which = row.partition(" ")  # what follows is only there where a method has several rows
                where = f"{title}, {which}" if which and not which.endswith("=") else title
                claim = _claim(where, columns[column], known)
                found[known.kind, method, known.evidence].append((claim, known.command))
    return [
        KnownErrors(*about, tuple(claim for claim, _ in known), tuple(dict.fromkeys(shown for _, shown in known)))
        for about, known in found.items()
    ]


def _claim(title: str, column: Column, known: Erratum) -> Claim:
    protocol = column.measured_match.get("protocol", "")
    return Claim(title, column.header, column.unit, protocol, known.claim, known.finding)


def _described(path: Path) -> tuple[str, dict[str, Column]]:
    """The title of a table or ranking, and its columns by their keys."""
    if path in ranking_files():
        ranking = read_ranking(path)
        return ranking.spec.title, {column.key: column.figure for column in ranking.columns}
    spec = read_spec(path)
    return spec.title, {column.key: column for column in spec.columns}

"""Which published weights were made from which: their relations, told by year, and their figure."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from resolute import registry
from resolute.core.layout import Weights
from resolute.figures.forest import ROW_HEIGHT, Node, draw_forest
from resolute.figures.style import LINES, save, save_data, short, style
from resolute.lineage import VERDICTS, Pair, compare
from resolute.measurements import titles

YEAR = re.compile(r"(?:19|20)\d\d$")
COLOURS = dict(zip(VERDICTS, LINES, strict=False))


@dataclass(frozen=True, order=True)
class Release:
    """A published set of weights: when it was released, and when its network's paper."""

    year: int
    paper: int
    method: str

    @property
    def age(self) -> tuple[int, int]:
        """What is earlier is older."""
        return self.year, self.paper


@dataclass(frozen=True)
class Relation:
    """Two published sets of weights, of which the pair has the descendant's facts first."""

    descendant: Release
    ancestor: Release
    pair: Pair

    @property
    def is_known(self) -> bool:
        """Whether the ancestor is the older one: two of the same age are named in the order of their methods."""
        return self.ancestor.age < self.descendant.age


def draw_lineage(scale: float, published: Iterable[Weights]) -> None:
    """Write `lineage_x<scale>`: published weights by year and what was made from which, and all pairs as JSON.

    Args:
        scale: that the weights serve.
        published: the weights, one set of each method.

    Raises:
        ResoluteError: a file is not there, or was changed after it was made.
    """
    compared, pairs = compare(published)
    known = relations(pairs)
    name, title = f"lineage_x{scale:g}", f"What published weights at x{scale:g} were made from"
    with style():
        save(name, title, *forest(known, len(compared)))
    data = {"scale": scale, "compared": len(compared), "verdicts": VERDICTS, "relations": list(map(_as_data, known))}
    save_data(name, data)


def relations(pairs: Iterable[Pair]) -> list[Relation]:
    """All pairs, descendants and ancestors told apart, by the descendants' age and the nearest ancestor first."""
    found = []
    for pair in pairs:
        one, other = map(_release, pair.weights)
        found.append(Relation(one, other, pair) if other < one else Relation(other, one, pair.turned()))
    return sorted(found, key=lambda one: (one.descendant, _farness(one)))


def nearest(known: Sequence[Relation]) -> list[Relation]:
    """Of what `relations` gives, the nearest ancestor of each descendant alone: they form trees."""
    first: dict[Release, Relation] = {}
    for one in known:
        first.setdefault(one.descendant, one)
    return list(first.values())


def forest(known: Sequence[Relation], compared: int) -> tuple[Figure, str]:
    """The figure of the nearest ancestors, and its caption."""
    shown = nearest(known)
    figure, axes = plt.subplots(figsize=(7.2, 1), layout="constrained")
    rows = draw_forest(axes, _nodes(shown))
    figure.set_figheight(1.1 + ROW_HEIGHT * rows)
    if used := [verdict for verdict in VERDICTS if any(one.pair.verdict == verdict for one in shown)]:
        keys = [Line2D([], [], color=COLOURS[verdict], label=verdict) for verdict in used]
        figure.legend(handles=keys, loc="outside lower center", ncols=len(keys))
    return figure, _caption(compared)


def _farness(one: Relation) -> tuple[bool, float, float, Release]:
    """The nearest ancestor has least of it: an older one, with the largest share, then with the nearest kernels."""
    return not one.is_known, -one.pair.share[0], one.pair.median, one.ancestor


def _release(weights: Weights) -> Release:
    """The year of weights is the one that their tag ends with, as that of a challenge does, or else their paper's."""
    paper = int(registry.entry(weights.method).paper.get("year", 0))
    year = YEAR.search(weights.name)
    return Release(int(year[0]) if year else paper, paper, weights.method)


def _nodes(shown: Sequence[Relation]) -> list[Node]:
    """What the figure shows, each before what was made from it."""
    by_descendant = {one.descendant: one for one in shown}
    nodes: dict[Release, Node] = {}
    for release in sorted({one.ancestor for one in shown} | by_descendant.keys()):
        name = short(titles.method_title(release.method), 26)
        one = by_descendant.get(release)
        if one is None:
            nodes[release] = Node(release.year, name)
        else:
            note = f"{one.pair.shared} of {one.pair.kernels[0]} kernels, {_apart(one.pair)}"
            parent = nodes[one.ancestor]
            nodes[release] = Node(release.year, name, note, parent, COLOURS[one.pair.verdict], one.is_known)
    return list(nodes.values())


def _apart(pair: Pair) -> str:
    if pair.median == 0:
        return "equal" if pair.largest == 0 else "mostly equal"
    return f"{pair.median:.1g} apart"


def _as_data(one: Relation) -> dict[str, Any]:
    """A pair as the page shows it, the descendant's facts first."""
    facts = asdict(one.pair)
    del facts["weights"]
    for side, release in (("descendant", one.descendant), ("ancestor", one.ancestor)):
        facts[side] = {
            "title": titles.method_title(release.method),
            "method": release.method,
            "year": release.year,
        }
    return {**facts, "is_known": one.is_known}


def _caption(compared: int) -> str:
    return (
        f"Of {compared} published sets of weights, those that share kernels with another, by year of release. An arrow"
        " leads from the nearest older relative; a dotted line joins two of the same age. Below a name stands how many"
        " of its kernels are the other's, and their median distance: the norm of the difference over the larger norm,"
        " which is 1.4 for kernels that have nothing to do with each other."
    )

"""Who descends from whom: told by years, shown as trees."""

import json
from pathlib import Path

import pytest

from resolute import registry
from resolute.core.layout import Weights
from resolute.figures import draw_lineage, lineage
from resolute.figures.lineage import nearest, relations
from resolute.lineage import Pair


def weights(method: str) -> Weights:
    entry = registry.entry(method)
    return Weights(method, entry.span(4), f"published-{entry.tag()}")


def pair(one: str, other: str, verdict: str, share: tuple[float, float], largest: float = 0.1) -> Pair:
    both = weights(one), weights(other)
    return Pair(both, verdict, 4, (4, 5), share, largest / 2, largest, equal=0, tensors=(8, 10))


PAIRS = [
    pair("dscf_2025", "dscf_fused_2026", "identical", (0.8, 0.9), 0.0),
    pair("dscf_fused_2026", "spantiny_2024", "tuned", (0.9, 0.7)),
    pair("dscf_2025", "spantiny_2024", "tuned", (1.0, 1.0)),
    # All three were released in 2022; the papers are of 2020, 2022 and 2020.
    pair("rfdn_baseline", "sfdn_team08", "shares part", (0.5, 0.6)),
    pair("rfdn_baseline", "v1_team06", "shares part", (0.5, 0.4)),
]


def test_the_older_one_is_the_ancestor_and_the_nearest_is_shown() -> None:
    shown = {one.descendant.method: (one.ancestor.method, one.is_known) for one in nearest(relations(PAIRS))}
    assert shown == {
        "dscf_2025": ("spantiny_2024", True),
        "dscf_fused_2026": ("dscf_2025", True),  # of which it has as much as of SPAN-tiny, and unchanged
        "sfdn_team08": ("rfdn_baseline", True),
        "v1_team06": ("rfdn_baseline", False),
    }
    first = relations(PAIRS)[0]
    assert (first.descendant.method, first.pair.share, first.pair.kernels) == ("v1_team06", (0.4, 0.5), (5, 4))


@pytest.mark.parametrize("pairs", [PAIRS, []])
def test_the_figure_names_those_that_are_related(
    pairs: list[Pair], project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared = [weights(method) for method in ("spantiny_2024", "dscf_2025", "imdn")]
    monkeypatch.setattr(lineage, "compare", lambda published: (published, pairs))
    draw_lineage(4, compared)
    svg = (project / "reports/figures/lineage_x4.svg").read_text()
    assert ("DSCF_Fused" in svg, "2025" in svg) == (bool(pairs), bool(pairs))
    assert ("none has kernels of another" in svg) != bool(pairs)
    assert "Of 3 published sets" in svg
    data = json.loads((project / "reports/figures/lineage_x4.json").read_text())
    assert (data["compared"], len(data["relations"])) == (3, len(pairs))

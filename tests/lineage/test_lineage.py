"""Which weights are others: told by their numbers, on small made-up networks and on the released files themselves."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pytest
import torch

from resolute import registry
from resolute.core import layout
from resolute.core.layout import Weights
from resolute.fetch import fetch_weights
from resolute.lineage import compare
from resolute.lineage.kernels import Match, matches, network, verdict
from resolute.methods.weights import StateDict, read_state, save_weights

# What was found in 144 released files of the challenges by another program, which compared directions, of kernels of
# equal shapes and names: of a network and its ancestor, how many kernels are alike (a cosine above 0.98: a distance of
# 0.2 once both are scaled to norm 1), how many of these are equal bit for bit, and the largest distance of these.
# Distances here count lengths too, which makes a tenth at most.
ALIKE = 0.2
LENGTH = 0.11
RECORDED = {
    ("rfdn_2024", "rfdn_baseline"): (64, 0, 1.7e-4),
    ("sfdn_team08", "rfdn_baseline"): (25, 0, 2.0e-1),
    ("asr_prune_2024", "rlfn_2024"): (20, 0, 1.8e-1),
    ("esrnet_2025", "span_2024"): (22, 20, 3.8e-2),
    ("span46_2025", "span_2024"): (20, 0, 3.7e-6),
    ("dscf_2025", "spantiny_2024"): (22, 0, 5.2e-3),
    ("dscf_fused_2026", "dscf_2025"): (19, 19, 0),
    ("pds_2026", "spanf_2025"): (16, 16, 0),
    ("pkdsr_2026", "spanf_2025"): (16, 0, 1.5e-1),
    ("disp_2026", "tssr_2025"): (19, 0, 6.1e-6),
}
# One kernel is not counted here: of SFDN, one that is alike in direction and not in length; of SPANF, that which
# enlarges by repetition, which nobody trained.
NOT_COUNTED = {"sfdn_team08", "pds_2026", "pkdsr_2026"}
# All networks of the challenges that have kernels of another, by what they have in common.
FAMILIES = {
    ("imdn_baseline", "imdn_nb7_team26"),
    ("rfdn_2024", "rfdn_baseline", "sfdn_team08", "v1_team06"),
    ("asr_prune_2024", "rlfn_2024", "rlfn_b_2024", "rlfn_team04"),
    ("esrnet_2025", "span46_2025", "span_2024"),
    ("dscf_2025", "dscf_fused_2026", "spantiny_2024"),
    ("pds_2026", "pkdsr_2026", "spanf_2025"),
    ("disp_2026", "tssr_2025"),
}
SHOWN = (("dscf_2025", "spantiny_2024"), ("pds_2026", "spanf_2025"), ("disp_2026", "tssr_2025"))


def state(seed: int, *widths: int) -> StateDict:
    """A chain of 3x3 convolutions, with a bias each."""
    generator = torch.Generator().manual_seed(seed)
    found = {}
    for number, (inside, outside) in enumerate(pairwise(widths)):
        found[f"{number}.weight"] = torch.randn(outside, inside, 3, 3, generator=generator)
        found[f"{number}.bias"] = torch.randn(outside, generator=generator)
    return found


def told(one: StateDict, other: StateDict) -> tuple[str, int]:
    """The verdict of two networks, and how many kernels they share; none where they share none."""
    shared = shared_by(one, other)
    return verdict(shared, network(one), network(other)) if shared else "", len(shared)


def shared_by(one: StateDict, other: StateDict) -> list[Match]:
    """The kernels that two networks share, the nearest first."""
    names = [Weights(name, layout.Span.at(4), "published-paper") for name in ("one", "other")]
    return matches({names[0]: network(one), names[1]: network(other)}).get((names[0], names[1]), [])


def test_kernels_are_found_whatever_they_are_called_and_wherever_they_are() -> None:
    one = state(0, 3, 8, 8, 8)
    other = {f"renamed.{name}": tensor for name, tensor in reversed(one.items())}
    assert told(one, other) == ("identical", 3)
    assert told(one, state(1, 3, 8, 8, 8)) == ("", 0)


@pytest.mark.parametrize(("by", "word"), [(1e-4, "re-released"), (0.1, "tuned"), (1.5, "")])
def test_how_far_kernels_were_moved_is_the_norm_of_the_difference_over_the_larger_norm(by: float, word: str) -> None:
    one = state(0, 3, 8, 8)
    other = {name: tensor * (1 + by) for name, tensor in one.items()}
    assert told(one, other)[0] == word
    for match in shared_by(one, other):
        assert match.distance == pytest.approx(by / (1 + by), rel=1e-3)


def test_new_and_missing_kernels_leave_a_part() -> None:
    one = state(0, 3, 8, 8, 8)
    assert told(one, {**one, **state(1, 3, 8)}) == ("shares part", 2)
    assert told(one, {name: tensor for name, tensor in one.items() if name[0] != "2"}) == ("shares part", 2)


def test_a_kernel_is_shared_once() -> None:
    one = state(0, 3, 8)
    twice = {**one, "again": one["0.weight"] * 1.001}
    assert told(one, twice) == ("shares part", 1)
    assert shared_by(one, twice) == [Match(0.0, one["0.weight"].numel())]


def test_what_is_alike_in_any_two_networks_is_no_sign() -> None:
    """Gains near one, a mean of colours, filters that somebody fixed."""
    common = {
        "gain": 1 + 0.01 * torch.randn(64),
        "mean": torch.eye(3)[:, :, None, None],
        "sobel": torch.zeros(16, 1, 3, 3),
    }
    common["sobel"][:, 0] = torch.tensor([[1.0, 0, -1], [2, 0, -2], [1, 0, -1]])
    assert told({**common, **state(0, 3, 8)}, {**common, **state(1, 3, 8)}) == ("", 0)


def written(method: str, tensors: StateDict, url: str) -> Weights:
    """Weights of a method, as `fetch` leaves them."""
    entry = registry.entry(method)
    weights = Weights(method, entry.span(4), f"published-{entry.tag()}")
    save_weights(layout.weights(weights), tensors, {"url": url})
    return weights


def test_pairs_share_enough_and_a_published_file_counts_once(project: Path) -> None:
    one = state(0, 3, 8, 8, 8, 8)
    tuned = {**state(1, 3, 8, 8, 8, 8), **{name: one[name] for name in list(one)[:6]}}
    compared = [
        written("rlfn_team04", one, "https://a/rlfn.pth"),
        written("sfdn_team08", one, "https://a/sfdn.pth"),
        written("sfdn_team08_identity", one, "https://a/sfdn.pth"),
        written("imdn", tuned, "https://a/imdn.pth"),
        written("bsrn", {**state(2, 3, 8, 8, 8, 8), "0.weight": one["0.weight"]}, "https://a/bsrn.pth"),
    ]
    kept, found = compare(compared)
    assert {one.method for one in kept} == {"rlfn_team04", "sfdn_team08", "imdn", "bsrn"}
    pairs = {(pair.weights[0].method, pair.weights[1].method): pair for pair in found}
    assert {names: (pair.verdict, pair.shared) for names, pair in pairs.items()} == {
        ("imdn", "rlfn_team04"): ("shares part", 3),
        ("imdn", "sfdn_team08"): ("shares part", 3),
        ("rlfn_team04", "sfdn_team08"): ("identical", 4),
    }
    inputs = [3, 8, 8, 8]  # as parameters: each kernel has as many of them as it has inputs, times 72
    part = pairs["imdn", "rlfn_team04"]
    assert part.share == pytest.approx([sum(inputs[:3]) / sum(inputs)] * 2, rel=1e-5)
    assert (part.kernels, part.equal, part.tensors) == ((4, 4), 6, (8, 8))


def released(methods: Sequence[str]) -> list[Weights]:
    """The published weights of methods at x4, fetched."""
    for method in methods:
        fetch_weights(method)
    return [Weights(one, registry.entry(one).span(4), f"published-{registry.entry(one).tag()}") for one in methods]


@pytest.mark.parametrize(
    "pair", [pair if pair in SHOWN else pytest.param(pair, marks=pytest.mark.attack) for pair in RECORDED]
)
def test_released_files_share_what_is_on_record(
    pair: tuple[str, str], project: Path, mirror: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RESOLUTE_MIRROR", str(mirror))
    (shared,) = matches({one: network(read_state(layout.weights(one))) for one in released(pair)}).values()
    alike = [match.distance for match in shared if match.distance <= ALIKE]
    count, equal, largest = RECORDED[pair]
    not_counted = pair[0] in NOT_COUNTED
    assert len(alike) == count - not_counted
    assert sum(distance == 0 for distance in alike) == max(0, equal - not_counted)
    assert max(alike) == pytest.approx(largest, rel=LENGTH)


@pytest.mark.attack
def test_of_all_released_files_of_the_challenges_these_and_no_others_are_related(
    project: Path, mirror: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RESOLUTE_MIRROR", str(mirror))
    entries = [entry for entry in map(registry.entry, registry.names()) if entry.family.startswith("ntire")]
    compared = released([entry.name for entry in entries if entry.published])
    families = {frozenset([one.method]) for one in compared}
    for pair in compare(compared)[1]:
        joined = {family for family in families if family & {one.method for one in pair.weights}}
        families = families - joined | {frozenset().union(*joined)}
    assert {tuple(sorted(family)) for family in families if len(family) > 1} == FAMILIES

"""Comparing sets of weights, every two of them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from statistics import median

from resolute.core import layout
from resolute.core.layout import Weights
from resolute.lineage.kernels import LEAST, Match, Network, matches, network, verdict


@dataclass(frozen=True)
class Pair:
    """What two sets of weights share; what is said of each of them is in their order.

    Attributes:
        verdict: one of `VERDICTS`.
        shared: how many kernels, of `kernels`, with this `share` of their parameters.
        median, largest: distances of the shared kernels.
        equal: how many tensors of any kind are equal bit for bit, of `tensors`.
    """

    weights: tuple[Weights, Weights]
    verdict: str
    shared: int
    kernels: tuple[int, int]
    share: tuple[float, float]
    median: float
    largest: float
    equal: int
    tensors: tuple[int, int]

    def turned(self) -> "Pair":
        """The same with the other one first."""
        both = {name: getattr(self, name)[::-1] for name in ("weights", "kernels", "share", "tensors")}
        return replace(self, **both)


def compare(published: Iterable[Weights]) -> tuple[list[Weights], list[Pair]]:
    """The weights that were compared, and all pairs of them that share enough to be no accident.

    Their tensors are those that `fetch` made of the published files: weight normalisation folded, those that the
    network never reads left out, their numbers as they were. Of weights that are made of one file the first by name
    counts.

    Raises:
        ResoluteError: a file is not there, or was changed after it was made.
    """
    from resolute.methods.weights import read_provenance, read_state  # torch, which nothing else here needs

    by_file: dict[str, Weights] = {}
    for one in sorted(published):
        by_file.setdefault(read_provenance(layout.weights(one)).get("url", str(one)), one)
    networks = {one: network(read_state(layout.weights(one))) for one in by_file.values()}
    return list(networks), list(_pairs(networks))


def _pairs(networks: Mapping[Weights, Network]) -> Iterator[Pair]:
    for weights, shared in matches(networks).items():
        if len(shared) >= LEAST:
            yield _pair(weights, shared, networks[weights[0]], networks[weights[1]])


def _pair(weights: tuple[Weights, Weights], shared: list[Match], one: Network, other: Network) -> Pair:
    parameters = sum(match.parameters for match in shared)
    return Pair(
        weights,
        verdict(shared, one, other),
        len(shared),
        kernels=(len(one.kernels), len(other.kernels)),
        share=(_short(parameters / one.parameters), _short(parameters / other.parameters)),
        median=_short(median(match.distance for match in shared)),
        largest=_short(shared[-1].distance),
        equal=one.equal_tensors(other),
        tensors=(one.tensors.total(), other.tensors.total()),
    )


def _short(value: float) -> float:
    """Six digits: the last ones differ between machines."""
    return float(f"{value:.6g}")

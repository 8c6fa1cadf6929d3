"""Which kernels of two networks are the same ones, tuned or not: told by their numbers, whatever they are called.

Kernels that were trained from beginnings of their own are about the square root of two apart, in units of their norm.
Among the published networks of the NTIRE challenges, two that have nothing to do with each other have no kernels within
`LIMIT` but at most one, a first convolution; two of which one began with the other's weights have ten at least.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from resolute.core.layout import Weights

if TYPE_CHECKING:
    from torch import Tensor

LIMIT = 0.5  # the largest distance of a shared kernel
LEAST = 3  # so many shared kernels are no accident
SAVED = 1e-3  # what saving or folding weights again, or a few steps with a tiny rate, may move a kernel by
FEW = 32  # a kernel of no more different numbers was fixed by somebody: a filter, a mask, an enlargement by repetition
ROUNDING = 1e-3  # of distances as a product of matrices in float32 gives them, where they are near LIMIT

IDENTICAL, RELEASED_AGAIN, TUNED, PART = "identical", "re-released", "tuned", "shares part"
VERDICTS = {
    IDENTICAL: "every kernel of both, number by number",
    RELEASED_AGAIN: f"every kernel of both within {SAVED:g}: saved or folded again, or tuned for a moment",
    TUNED: f"every kernel of both within {LIMIT:g}",
    PART: f"some kernels within {LIMIT:g}; the others are new, or were tuned further away",
}


Kernel = tuple[Weights, np.ndarray]
"""Whose it is, and its numbers in a row."""


@dataclass(frozen=True)
class Network:
    """The numbers of a set of weights.

    Attributes:
        kernels: the trained tensors of more than one axis, in their shapes, in float32.
        tensors: how often each tensor is there, by its shape and the sha256 of its numbers.
    """

    kernels: Sequence[np.ndarray]
    tensors: Counter[tuple[tuple[int, ...], str]]

    @property
    def parameters(self) -> int:
        """Those of its kernels."""
        return sum(kernel.size for kernel in self.kernels)

    def equal_tensors(self, other: "Network") -> int:
        """How many tensors of any kind are the other's, bit for bit."""
        return (self.tensors & other.tensors).total()


@dataclass(frozen=True)
class Match:
    """A kernel that two networks share, of so many parameters, with the distance of its two forms."""

    distance: float
    parameters: int


def network(state: "Mapping[str, Tensor]") -> Network:
    """What is compared of a set of weights."""
    tensors = [tensor.float().numpy() for tensor in state.values()]
    counts = Counter((tensor.shape, hashlib.sha256(tensor.tobytes()).hexdigest()) for tensor in tensors)
    return Network([tensor for tensor in tensors if _is_kernel(tensor)], counts)


def matches(networks: Mapping[Weights, Network]) -> dict[tuple[Weights, Weights], list[Match]]:
    """The shared kernels of every two networks that share any, by the names of their weights, the nearest first.

    Compared are kernels of equal shapes, by the norm of their difference over the larger of their norms. A kernel is
    shared at most once: of all that lie within `LIMIT` the nearest two are taken first.
    """
    by_shape: dict[tuple[int, ...], list[Kernel]] = defaultdict(list)
    for weights in sorted(networks):
        for kernel in networks[weights].kernels:
            by_shape[kernel.shape].append((weights, kernel.ravel()))
    found: dict[tuple[Weights, Weights], list[Match]] = defaultdict(list)
    for group in by_shape.values():
        taken: set[tuple[int, Weights]] = set()
        for distance, one, other in sorted(_near(group)):
            pair = group[one][0], group[other][0]
            ends = {(one, pair[1]), (other, pair[0])}
            if not ends & taken:
                taken |= ends
                found[pair].append(Match(distance, group[one][1].size))
    return {pair: sorted(shared, key=lambda match: match.distance) for pair, shared in sorted(found.items())}


def verdict(shared: Sequence[Match], one: Network, other: Network) -> str:
    """What two networks that share kernels are to each other, in a word of `VERDICTS`."""
    if len(shared) < max(len(one.kernels), len(other.kernels)):
        return PART
    largest = max(match.distance for match in shared)
    return IDENTICAL if largest == 0 else RELEASED_AGAIN if largest <= SAVED else TUNED


def _is_kernel(tensor: np.ndarray) -> bool:
    """Vectors are left out: gains near one and shifts near zero are close to each other in any two networks."""
    return sum(side > 1 for side in tensor.shape) > 1 and len(np.unique(tensor)) > FEW


def _near(group: Sequence[Kernel]) -> list[tuple[float, int, int]]:
    """The pairs of kernels of different networks within `LIMIT`: distance, and the places of both.

    One product of matrices finds those that may be; their distances are then taken exactly.
    """
    if len({weights for weights, _ in group}) < 2:
        return []
    rows = np.stack([kernel for _, kernel in group])
    squares = np.einsum("ij,ij->i", rows, rows)
    apart = squares[:, None] + squares - 2 * (rows @ rows.T)
    may_be = np.triu(apart <= (LIMIT + ROUNDING) ** 2 * np.maximum(squares[:, None], squares), 1)
    pairs = [(one, other) for one, other in np.argwhere(may_be).tolist() if group[one][0] != group[other][0]]
    found = [(_distance(rows[one], rows[other]), one, other) for one, other in pairs]
    return [near for near in found if near[0] <= LIMIT]


def _distance(one: np.ndarray, other: np.ndarray) -> float:
    """The norm of a difference over the larger norm, in float64."""
    one, other = one.astype(np.float64), other.astype(np.float64)
    return float(np.linalg.norm(one - other) / max(np.linalg.norm(one), np.linalg.norm(other)))

"""A paper's claims held against what was trained here: differences in PSNR over seeds, and whether they hold.

A difference is taken seed by seed and averaged over the data sets and scales. Over seeds it has a mean and a sample
standard deviation; a claim holds, or does not, where the mean is farther from the margin than that.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import product
from statistics import fmean, stdev

import numpy as np
import pandas as pd

from resolute import measurements
from resolute.published import Claim, ClaimsSpec, Side


class Outcome(StrEnum):
    """What runs say of a claim."""

    HOLDS = "holds"
    FAILS = "does not hold"
    UNDECIDED = "undecided"
    NOT_RUN = "not run"


@dataclass(frozen=True)
class Reached:
    """What a run reached on a data set: PSNR in dB, the multiply-adds that an image took (of a static network it is not
    measured: NaN), and their share of its costliest way's.
    """

    psnr: float
    macs: float
    share: float


@dataclass(frozen=True)
class Tested:
    """A claim and what was found.

    Attributes:
        differences: in dB, by seed, the mean over the data sets and scales.
        shares: of the multiply-adds of the full network that the two sides took, over all of them.
    """

    claim: Claim
    differences: tuple[float, ...] = ()
    shares: tuple[float, float] | None = None

    @property
    def mean(self) -> float | None:
        return fmean(self.differences) if self.differences else None

    @property
    def spread(self) -> float | None:
        """The sample standard deviation over seeds; none for fewer than two."""
        return stdev(self.differences) if len(self.differences) > 1 else None

    @property
    def outcome(self) -> Outcome:
        if self.mean is None:
            return Outcome.NOT_RUN
        above = self.mean - self.claim.margin
        if self.spread is None or abs(above) <= self.spread:
            return Outcome.UNDECIDED
        return Outcome.HOLDS if above > 0 else Outcome.FAILS


@dataclass(frozen=True)
class Claims:
    """All claims of a paper; `devices` are those that its runs were measured on."""

    spec: ClaimsSpec
    tested: tuple[Tested, ...]
    devices: tuple[str, ...]


Place = tuple[str, float]
"""A data set and a scale."""

Runs = Mapping[tuple[str, int, Place], Mapping[str, Reached]]
"""What was reached by method, seed and place, at each setting."""


def hold(spec: ClaimsSpec, means: pd.DataFrame) -> Claims:
    """Hold claims against the means of measurements (`measurements.means`).

    A claim is tested by the seeds that both of its sides have on all data sets at all scales; of no such seed it is not
    run.
    """
    own = means[means["weights"].str.fullmatch(rf"{spec.preset}-seed\d+") & means["dataset"].isin(spec.datasets)]
    runs, seeds = _runs(own, spec.protocol), sorted({int(seed) for seed in own["seed"]})
    places = list(product(spec.datasets, spec.scales))
    tested = tuple(_test(claim, runs, seeds, places) for claim in spec.claims)
    return Claims(spec, tested, tuple(sorted(set(own["device"]) - {""})))


def _runs(own: pd.DataFrame, protocol: str) -> Runs:
    taken = {measurements.key(row): row["value"] for row in measurements.records(own[own["metric"] == "macs"])}
    shares = measurements.shares(own)
    found: dict[tuple[str, int, Place], dict[str, Reached]] = defaultdict(dict)
    for row in measurements.records(own[(own["metric"] == "psnr") & (own["protocol"] == protocol)]):
        key = measurements.key(row)
        reached = Reached(row["value"], taken.get(key, np.nan), shares.get(key, 1.0))
        place = row["dataset"], float(row["scale"])
        found[row["method"], int(row["seed"]), place][row["setting"]] = reached
    return found


def _test(claim: Claim, runs: Runs, seeds: list[int], places: list[Place]) -> Tested:
    differences, of_shares, over_shares = [], [], []
    for seed in seeds:
        pairs = [_pair(claim, runs, seed, place) for place in places]
        whole = [pair for pair in pairs if pair]
        if len(whole) == len(pairs):
            differences.append(fmean(of.psnr - over.psnr for of, over in whole))
            of_shares += [of.share for of, _ in whole]
            over_shares += [over.share for _, over in whole]
    if not differences:
        return Tested(claim)
    return Tested(claim, tuple(differences), (fmean(of_shares), fmean(over_shares)))


def _pair(claim: Claim, runs: Runs, seed: int, place: Place) -> tuple[Reached, Reached] | None:
    of = runs.get((claim.of.method, seed, place), {}).get(claim.of.setting)
    reached = runs.get((claim.over.method, seed, place), {})
    if of is None:
        return None
    over = _at_cost(claim.over, reached, of.macs) if claim.over.is_curve else reached.get(claim.over.setting)
    return (of, over) if over else None


def _at_cost(side: Side, reached: Mapping[str, Reached], macs: float) -> Reached | None:
    """What a method reaches at a cost: between its settings linear, beyond them that of the nearest."""
    kept = [one for setting, one in reached.items() if setting in (side.settings or reached)]
    points = sorted(kept, key=lambda one: one.macs)
    if not points or np.isnan(macs):
        return None
    costs = [one.macs for one in points]
    psnr = float(np.interp(macs, costs, [one.psnr for one in points]))
    return Reached(psnr, macs, float(np.interp(macs, costs, [one.share for one in points])))

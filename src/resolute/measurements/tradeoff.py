"""Quality against cost: which networks there are, and which of them no cheaper one beats."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import pandas as pd

from resolute import measurements
from resolute.core import layout
from resolute.measurements import titles


@dataclass(frozen=True)
class Cost:
    """A quantity of the long form, and how an axis shows it."""

    metric: str
    protocol: str
    words: str
    unit: str
    divisor: float

    @property
    def axis(self) -> str:
        return f"{self.words} ({self.unit})"


COSTS = {
    "macs": Cost("macs", "macs", "MACs", "G", 1e9),
    "params": Cost("params", "", "parameters", "K", 1e3),
    "latency": Cost("latency", "", "latency", "ms", 1),
}


@dataclass(frozen=True)
class Result:
    """Published weights, or all seeds of a preset, on one data set: cost in the axis's unit, mean PSNR in dB.

    `spread` is the standard deviation of the PSNR over seeds, NaN for fewer than two.
    """

    run: tuple[str, str]  # method and weights
    setting: str
    name: str
    cost: float
    psnr: float
    spread: float
    trained: bool

    @property
    def own(self) -> bool:
        """Whether its weights were imported."""
        return layout.own_name(self.run[1]) != ""


def results(
    means: pd.DataFrame, protocol: str, dataset: str, scale: float, axis: Cost
) -> tuple[list[Result], float | None]:
    """What a panel shows of `measurements.over_seeds`: every method whose cost is known, and the baseline's PSNR (None:
    not measured). A PSNR that is infinite has no place in it. The multiply-adds of a dynamic method are those that it
    took.
    """
    rows = means[(means["metric"] == "psnr") & (means["protocol"] == protocol)]
    rows = rows[(rows["dataset"] == dataset) & (rows["scale"] == scale)]
    costs = means[(means["metric"] == axis.metric) & (means["protocol"] == axis.protocol) & (means["dataset"] == "")]
    cost = costs[(costs["scale"] == scale) & (costs["value"] > 0)].groupby("method")["value"].first()
    shares = measurements.shares(means) if axis.metric == "macs" else {}
    found, baseline = [], None
    for run in measurements.records(rows[rows["value"].notna()]):
        method, psnr = run["method"], float(run["value"])
        if method == measurements.BASELINE:
            baseline = psnr
        elif method in cost.index:
            name = titles.method_title(method, run["setting"], run["weights"])
            trained = measurements.is_trained(run["weights"])
            spent = float(cost[method]) * shares.get(measurements.key(run), 1)
            of = method, run["weights"]
            found.append(Result(of, run["setting"], name, spent / axis.divisor, psnr, run["spread"], trained))
    return found, baseline


def pareto_front(found: Sequence[Result]) -> list[Result]:
    """The results that no other beats at the same or a lower cost, by rising cost."""
    front: list[Result] = []
    for result in sorted(found, key=lambda result: (result.cost, -result.psnr)):
        if not front or result.psnr > front[-1].psnr:
            front.append(result)
    return front


def corners(front: Sequence[Result]) -> list[tuple[float, float]]:
    """The corners of the front's line: it keeps its height until the next result's cost."""
    corners = [(result.cost, result.psnr) for result in front[:1]]
    for here, after in pairwise(front):
        corners += [(after.cost, here.psnr), (after.cost, after.psnr)]
    return corners

"""What the pages are made from, read once and held together: cells, tables, measurements, costs."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from resolute import measurements, registry
from resolute.core import layout
from resolute.measurements import titles
from resolute.pages.cost import CostRow, cost_rows
from resolute.pages.words import weights_title
from resolute.published import Spec, Tolerance, read_spec, read_tolerances, shown
from resolute.published.results import Result, read_results, value_here

UNKNOWN = "not stated"


@dataclass(frozen=True)
class Figure:
    """A printed number, the one found here, and the verdict, as texts; `paper` or `here` is empty where there is none.

    `verdict` and `why` are empty where nothing is judged.
    """

    paper: str
    here: str
    difference: str = ""
    verdict: str = ""
    why: str = ""


@dataclass(frozen=True)
class Weights:
    """What is known of a set of weights: its name as a reader is told it, what it was trained on, its licence."""

    title: str
    data: str
    licence: str


class Material:
    """All results and measurements of a run.

    Raises:
        ResoluteError: a file is absent or damaged, or is not of this version of the tables.
    """

    def __init__(self, params: Mapping[str, Any], measured: Sequence[Path]) -> None:
        self.params, self.measured = params, measured
        self.results: list[Result] = read_results(layout.results_file())
        rows = measurements.means(measurements.read(*measured))
        self.means: pd.DataFrame = measurements.over_seeds(measurements.at_own_size(rows))
        self.shares = measurements.shares(self.means)
        self.costs: dict[tuple[str, float], CostRow] = {(row.method, row.scale): row for row in cost_rows(self.means)}
        self.protocol: str = params["figures"]["protocol"]

    @cached_property
    def cells(self) -> list[Result]:
        """The results that pages show one by one: all but those of single images."""
        return [result for result in self.results if not result["image"]]

    @cached_property
    def specs(self) -> dict[tuple[str, str], Spec]:
        """The tables that have cells, in the order of the results."""
        names = dict.fromkeys((result["paper"], result["table"]) for result in self.results)
        return {name: read_spec(layout.published_tables() / name[0] / f"{name[1]}.yaml") for name in names}

    @cached_property
    def methods(self) -> list[str]:
        """The registry's methods that are printed, measured or counted, in alphabetical order of their titles."""
        found = {result["method"] for result in self.results} | set(self.means["method"])
        return sorted(found.intersection(registry.names()), key=lambda name: (titles.method_title(name).lower(), name))

    @cached_property
    def _tolerances(self) -> dict[str, Tolerance]:
        return read_tolerances(layout.published_tables() / "tolerances.yaml")

    def spec(self, result: Result) -> Spec:
        return self.specs[result["paper"], result["table"]]

    def labels(self, result: Result) -> str:
        """What the paper's row is called, but for its rank."""
        rows = {row.key: row for group in self.spec(result).groups for row in group.rows}
        return ", ".join(label for label in rows[result["row"]].labels if label and not label.isdigit())

    def macs(self, record: measurements.Record) -> float | None:
        """Multiply-adds (G) of a run on a data set: those that a dynamic method took, else the network's."""
        cost = self.costs.get((record["method"], record["scale"]))
        whole = cost.values.get("macs") if cost else None
        return None if whole is None else whole * self.shares.get(measurements.key(record), 1)

    @cached_property
    def unpublished(self) -> dict[str, list[measurements.Record]]:
        """What was measured with weights that are not published, by method."""
        weights, found = self.means["weights"], defaultdict(list)
        for record in measurements.records(self.means[(weights != "") & ~weights.str.startswith("published-")]):
            found[record["method"]].append(record)
        return found

    @cached_property
    def trained_on(self) -> dict[tuple[str, str], str]:
        """The data sets of the trainings of this run, as far as they are recorded, by method and weights."""
        rows = self.means[self.means["weights"].map(measurements.is_trained).astype(bool)]
        return {(one["method"], one["weights"]): one["training_data"] for one in measurements.records(rows)}

    def figure(self, result: Result) -> Figure:
        """A cell as a reader is shown it; what depends on the device has no difference."""
        digits, paper = result["digits"], result["paper_value"]
        here = None if _is_absent(result) else value_here(result)
        text = shown.number(here, digits)
        if result["measured_value"] is None and result["trained_std"] is not None:
            text += f" ± {shown.number(result['trained_std'], digits)}"
        tolerance = self._tolerances.get(result["metric"])
        varies = tolerance is not None and tolerance.device
        difference = "" if varies else shown.difference(here, paper, digits, tolerance)
        return Figure(shown.number(paper, digits), text, difference, result["verdict"], result["why"])


def weights_here(result: Result) -> str:
    """The weights whose value a cell is judged by, the seeds of a training as one; empty where nothing was measured."""
    names = result["weights"].split()
    if result["measured_value"] is not None:
        return next((name for name in names if not measurements.is_trained(name)), "")
    return "" if _is_absent(result) else names[0].rpartition("-seed")[0]


def about_weights(method: str, weights: str, scale: float, seeds: int = 0, trained_on: str = "") -> Weights:
    """What is known of weights; where they are empty, of those that the paper's figures are said to be of.

    Args:
        seeds, trained_on: of what was trained here, how many trainings the weights stand for, and the data set.
    """
    entry = registry.entry(method) if method in registry.names() else None
    if layout.own_name(weights):
        return Weights(weights_title(weights), UNKNOWN, UNKNOWN)
    if measurements.is_trained(weights):
        return Weights(weights_title(weights, seeds), titles.dataset_title(trained_on), "trained in this run")
    if entry is None:
        return Weights("", UNKNOWN, "no implementation here")
    known = entry.published.get(weights.removeprefix("published-"))
    if not weights and entry.has_weights("published", scale):
        known = next(iter(entry.published.values()))
    data = (known and known.training_data) or (entry.recipe_data and titles.dataset_title(entry.recipe_data))
    title = weights_title(weights) if weights else ""
    return Weights(title, data or UNKNOWN, known.licence if known else "no weights published")


def _is_absent(result: Result) -> bool:
    return result["measured_value"] is None and result["trained_value"] is None

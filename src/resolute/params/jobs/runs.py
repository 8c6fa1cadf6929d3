"""The runs that the params call for, and what a job says of one: its weights, its data, what it starts from."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from resolute.core import layout
from resolute.core.errors import ResoluteError
from resolute.core.layout import Run, Span, Weights
from resolute.params.jobs.naming import Job, Params, short
from resolute.registry import Entry, entry


def of_methods(names: list[str], scales: list[float]) -> list[Job]:
    """One job for every method and scale that it has."""
    found = [(entry(name), scale) for name in names for scale in scales]
    return [{"method": one.name, "scale": short(scale)} for one, scale in found if one.serves(scale)]


def of_published(method: Entry, scales: list[float]) -> list[Job]:
    """One job for every scale that a method has published weights for."""
    found = of_methods([method.name], scales)
    return [{**job, "tag": method.tag()} for job in found if method.has_weights("published", job["scale"])]


def of_own(method: str, names: list[str], scales: list[float]) -> list[Job]:
    """One job for every set of imported weights, at the scales that it is here for."""
    found = of_methods([method], scales)
    return [{**job, "own": name} for job in found for name in names if own_weights(job, name).is_file()]


def own_weights(job: Job, name: str) -> Path:
    """The file of weights that were imported under a name, for the method and the scale of a job."""
    return layout.weights(Weights(job["method"], entry(job["method"]).span(job["scale"]), f"own-{name}"))


def run_of(params: Params, job: Mapping[str, Any]) -> Run:
    """The run that a job of `evaluations` or `routings` names."""
    return Run(job["method"], float(job["scale"]), _name(params, job))


def weights_of(params: Params, job: Mapping[str, Any]) -> Weights:
    """The weights that a job names: those that it makes, or those of its run."""
    span = Span.parse(job["span"]) if "span" in job else entry(job["method"]).span(float(job["scale"]))
    return Weights(job["method"], span, _name(params, job))


def _name(params: Params, job: Mapping[str, Any]) -> str:
    if "own" in job:
        return f"own-{job['own']}"
    return f"published-{job['tag']}" if "tag" in job else f"{params['preset']}-seed{job['seed']}"


def published_at(params: Params, scale: float) -> list[Weights]:
    """The published weights that serve a scale."""
    found = [job for name in params["methods"]["published"] for job in of_published(entry(name), [scale])]
    return [weights_of(params, job) for job in found if entry(job["method"]).trainable]


def seeds(params: Params, method: str) -> list[int]:
    """The seeds of a method's trainings: its own, or else those of all."""
    found: list[int] = params["methods"].get("seeds", {}).get(method, params["seeds"])
    return found


def training_set(params: Params, method: str) -> str:
    """The data set that a method trains on: its recipe's, or else the one of `data.train`."""
    own = params["recipes"].get(method, {}).get("data")
    if own:
        return str(own)
    names, hint = params["data"]["train"], f"or name {method}'s as recipes.{method}.data"
    if not names:
        raise ResoluteError(f"data.train is empty: name the data set to train on, {hint}")
    if len(names) > 1:
        raise ResoluteError(f"data.train has {' and '.join(names)}: methods train on one data set, choose it, {hint}")
    return str(names[0])


def warm_start(params: Params, wanted: Weights) -> Weights | None:
    """The weights that a training starts from, if any.

    A method whose recipe says `warm_start: smaller_scale` is trained at its smallest scale first; every other scale
    starts from the one before it.
    """
    if params["recipes"].get(wanted.method, {}).get("warm_start") != "smaller_scale" or not wanted.span.is_single:
        return None
    smaller = [scale for scale in params["scales"] if entry(wanted.method).serves(scale) and scale < wanted.span.low]
    return replace(wanted, span=Span.at(float(max(smaller)))) if smaller else None


def scorer(params: Params, wanted: Weights) -> Weights | None:
    """The weights that score the patches which a training draws by, if any: those of the method that its recipe calls
    `scored_by`, of the same preset and seed."""
    method = params["recipes"].get(wanted.method, {}).get("scored_by")
    return replace(wanted, method=method) if method else None

"""Every data set, reduction, pack, run, evaluation and cost that the params call for, one by one.

Snakemake derives them from `params.yaml` when it plans. DVC cannot derive anything: it reads `workflow/jobs.yaml`,
which is written from the params and never edited. It is a file of its own because DVC parses `params.yaml` again for
every stage.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from resolute import datasets
from resolute.core import atomic
from resolute.core.errors import ResoluteError
from resolute.core.layout import Run, project_root, scale_name
from resolute.core.schema import dump_yaml, read_yaml
from resolute.registry import Entry, entry

Params = dict[str, Any]
Job = dict[str, Any]

HEADER = "# Written by `resolute preset` and `resolute jobs` from params.yaml, for DVC; do not edit.\n"
_REPAIR = "run `resolute jobs`"


def derive(params: Params) -> dict[str, dict[str, dict[str, Job]]]:
    """The jobs by section, group and key.

    Returns:
        `sets` in the groups `original` and `derived` (made `of` another set); `reductions` of them to LR images where
        something is trained, evaluated or shown, all in one group; `packs` of what is trained on or shown in the groups
        `hr` (one per set) and `lr` (one per set and scale), and `union_hr` and `union_lr` for unions `of` other sets;
        `runs` and `evaluations`, each in the groups `baseline` (methods without a network), `published` and `trained`;
        `trainings`, which are the trained runs in the groups `fresh` and `warm_started` (from the scale `start`);
        `routings`, which are the `trained` runs of methods that choose experts;
        `costs` in the groups `counted` and `timed`. A job names its method, scale, weights or data set.
    """
    methods, tested = params["methods"], params["data"]["test"]
    published = [job for name in methods["published"] for job in _published(entry(name), params["scales"])]
    runs = {
        "baseline": [job for job in published if not entry(job["method"]).trainable],
        "published": [job for job in published if entry(job["method"]).trainable],
        "trained": [
            {**job, "seed": seed, "data": training_set(params, job["method"])}
            for job in _jobs(methods["trained"], params["scales"])
            for seed in params["seeds"]
        ],
    }
    evaluations = {group: _evaluations(jobs, tested) for group, jobs in runs.items()}
    costs = {
        "counted": [name for name in methods["counted"] if name not in methods["timed"]],
        "timed": methods["timed"],
    }
    return {
        **_data(params, runs["trained"], [job for group in evaluations.values() for job in group]),
        "runs": {group: _keyed(jobs) for group, jobs in runs.items()},
        "routings": {"trained": _keyed([job for job in runs["trained"] if entry(job["method"]).experts])},
        "trainings": _trainings(params, runs["trained"]),
        "evaluations": {group: _keyed(found) for group, found in evaluations.items()},
        "costs": {group: _keyed(_jobs(names, params["scales"])) for group, names in costs.items()},
    }


def path() -> Path:
    """Where DVC reads them."""
    return project_root() / "workflow/jobs.yaml"


def write(params: Params) -> None:
    """Write `workflow/jobs.yaml`, whole or not at all."""
    atomic.write(path(), HEADER + dump_yaml(derive(params)))


def check(params: Params) -> None:
    """Refuse a `workflow/jobs.yaml` that is not what the params call for: the engines would differ."""
    if read_yaml(path(), _REPAIR) != derive(params):
        raise ResoluteError(f"workflow/jobs.yaml is not what params.yaml calls for: {_REPAIR}")


def run_of(params: Params, job: Mapping[str, Any]) -> Run:
    """The run that a job of `runs` or `evaluations` names."""
    weights = f"published-{job['tag']}" if "tag" in job else f"{params['preset']}-seed{job['seed']}"
    return Run(job["method"], float(job["scale"]), weights)


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


def warm_start(params: Params, run: Run) -> Run | None:
    """The run whose weights a training starts from, if any.

    A method whose recipe says `warm_start: smaller_scale` is trained at its smallest scale first; every other scale
    starts from the one before it.
    """
    if params["recipes"].get(run.method, {}).get("warm_start") != "smaller_scale":
        return None
    smaller = [scale for scale in params["scales"] if scale in entry(run.method).scales and scale < run.scale]
    return replace(run, scale=max(smaller)) if smaller else None


def _trainings(params: Params, runs: list[Job]) -> dict[str, dict[str, Job]]:
    fresh, warm_started = [], []
    for job in runs:
        start = warm_start(params, run_of(params, job))
        if start:
            warm_started.append({**job, "start": start.scale})
        else:
            fresh.append(job)
    return {"fresh": _keyed(fresh), "warm_started": _keyed(warm_started)}


def _data(params: Params, trained: list[Job], evaluated: list[Job]) -> dict[str, dict[str, dict[str, Job]]]:
    """The jobs of the data stages: nothing is fetched, reduced or packed that no other job needs."""
    shown = params["figures"]
    packed = [(job["data"], job["scale"]) for job in trained]
    packed += [(facts["dataset"], facts["scale"]) for facts in shown["photographs"].values()]
    reduced = [(part, scale) for dataset, scale in packed for part in datasets.entry(dataset).parts]
    reduced += [(job["dataset"], job["scale"]) for job in evaluated]
    needed = {dataset for dataset, _ in reduced} | {facts["dataset"] for facts in shown["comparisons"].values()}
    needed = needed.union(*(datasets.entry(dataset).source.of for dataset in needed))
    return {
        "sets": _sets([name for name in params["data"]["sets"] if name in needed]),
        "reductions": {"all": {_set_key(*pair): {"dataset": pair[0], "scale": pair[1]} for pair in reduced}},
        "packs": _packs(packed),
    }


def _packs(packed: list[tuple[str, float]]) -> dict[str, dict[str, Job]]:
    found: dict[str, dict[str, Job]] = {"hr": {}, "lr": {}, "union_hr": {}, "union_lr": {}}
    for dataset, scale in packed:
        one = datasets.entry(dataset)
        kind, of = ("union_", {"of": list(one.parts)}) if one.is_union else ("", {})
        found[f"{kind}hr"][dataset] = of
        found[f"{kind}lr"][_set_key(dataset, scale)] = {"dataset": dataset, "scale": scale, **of}
    return found


def _set_key(dataset: str, scale: float) -> str:
    """The name of a job about a data set at a scale: `set5-x4`."""
    return f"{dataset}-{scale_name(scale)}"


def _sets(names: list[str]) -> dict[str, dict[str, Job]]:
    origins = {name: datasets.entry(name).source.of for name in names}
    return {
        "original": {name: {} for name, of in origins.items() if not of},
        "derived": {name: {"of": of[0]} for name, of in origins.items() if of},
    }


def evaluations(params: Params) -> list[tuple[Run, str]]:
    """Every run with every data set that it is evaluated on."""
    found = [job for group in derive(params)["evaluations"].values() for job in group.values()]
    return [(run_of(params, job), job["dataset"]) for job in found]


def _jobs(names: list[str], scales: list[float]) -> list[Job]:
    """One job for every method and scale that it has."""
    found = [(entry(name), scale) for name in names for scale in scales]
    return [{"method": one.name, "scale": scale} for one, scale in found if scale in one.scales]


def _published(method: Entry, scales: list[float]) -> list[Job]:
    tag = method.tag()
    files = method.published[tag].files
    return [{**job, "tag": tag} for job in _jobs([method.name], scales) if not files or job["scale"] in files]


def _evaluations(runs: list[Job], tested: list[str]) -> list[Job]:
    kept = [{name: value for name, value in run.items() if name != "data"} for run in runs]
    return [{**run, "dataset": dataset} for run in kept for dataset in tested]


def _keyed(jobs: list[Job]) -> dict[str, Job]:
    """Jobs under the names that DVC's stages show: `rlfn_tiny-x4`, `rlfn_tiny-x4-seed0-set5`."""
    return {_key(job): job for job in jobs}


def _key(job: Job) -> str:
    seed = [f"seed{job['seed']}"] if "seed" in job else []
    dataset = [job["dataset"]] if "dataset" in job else []
    return "-".join([job["method"], scale_name(job["scale"]), *seed, *dataset])

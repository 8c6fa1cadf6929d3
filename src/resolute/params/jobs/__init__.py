"""Every data set, reduction, pack, run, evaluation and cost that the params call for, one by one.

Snakemake derives them from `params.yaml` when it plans. DVC cannot derive anything: it reads `workflow/jobs.yaml`,
which is written from the params and never edited. It is a file of its own because DVC parses `params.yaml` again for
every stage.
"""

from collections.abc import Mapping
from pathlib import Path

from resolute import datasets
from resolute.core import atomic, layout
from resolute.core.errors import ResoluteError
from resolute.core.layout import Run, project_root
from resolute.core.schema import dump_yaml, read_yaml
from resolute.params.jobs import data, runs, shown, trainings
from resolute.params.jobs.naming import Job, Jobs, Params, keyed, place
from resolute.params.jobs.runs import (
    own_weights,
    published_at,
    run_of,
    scorer,
    seeds,
    training_set,
    warm_start,
    weights_of,
)
from resolute.registry import entry

__all__ = [
    "Job",
    "Jobs",
    "all_of",
    "check",
    "cost",
    "derive",
    "evaluations",
    "own_weights",
    "path",
    "published_at",
    "run_of",
    "scorer",
    "seeds",
    "training_set",
    "warm_start",
    "weights_of",
    "write",
]

HEADER = "# Written by `resolute preset` and `resolute jobs` from params.yaml, for DVC; do not edit.\n"
_REPAIR = "run `resolute jobs`"


def derive(params: Params) -> Jobs:
    """All jobs.

    Returns:
        `sets` in the groups `original` and `derived` (made `of` another set), with the files that say what each is;
        `reductions` of them to LR images where something is trained, evaluated or shown, all in one group;
        `packs` of what is trained on or shown in the groups `hr` (one per set) and `lr` (one per set and scale), and
        `union_hr` and `union_lr` for unions `of` other sets;
        `weights` in the groups `published` and `trained`; `trainings`, which are the trained ones in the groups
        `fresh`, `warm_started` (from the weights `start`) and `scored` (which draw by the `scores` of their patches);
        `scores` of patches by trained weights, in the group `trained`;
        `evaluations` in the groups `baseline` (methods without a network), `published`, `own` (imported weights, at the
        scales that they are here for) and `trained`;
        `routings`, which are the `trained` runs of methods that choose experts, where they are evaluated;
        `shares`, the weights of such methods that serve several of the scales;
        `classes`, the networks that are trained with several numbers of classes of patches, at each data set and scale;
        `lineage`, the scales that have two or more published weights to compare;
        `points`, which are the runs of methods with operating points, with each data set of which an image shows these;
        `maps`, which are the same with each such image; `curves`, the data sets and scales at which any has scores;
        `costs` in the groups `counted` and `timed`, and `onnxruntime` where any network is timed by it. A job names its
        method, scale or span, tag or seed, data set, and the files that it reads and makes.
    """
    methods, scales = params["methods"], params["scales"]
    published = [job for name in methods["published"] for job in runs.of_published(entry(name), scales)]
    found = {
        "baseline": [job for job in published if not entry(job["method"]).trainable],
        "published": [job for job in published if entry(job["method"]).trainable],
        "own": [job for name, own in methods.get("own", {}).items() for job in runs.of_own(name, own, scales)],
        "trained": [
            {**job, "seed": seed}
            for job in runs.of_methods(methods["trained"], scales)
            for seed in runs.seeds(params, job["method"])
        ],
    }
    weights = {group: trainings.weights(params, found[group]) for group in ("published", "trained")}
    evaluated = {group: _evaluations(params, jobs) for group, jobs in found.items()}
    costs = {
        "counted": [name for name in methods["counted"] if name not in methods["timed"]],
        "timed": methods["timed"],
    }
    if methods.get("onnxruntime"):
        costs["onnxruntime"] = methods["onnxruntime"]
    return {
        **data.derive(params, list(weights["trained"].values()), [job for jobs in evaluated.values() for job in jobs]),
        "weights": weights,
        "trainings": trainings.grouped(params, weights["trained"]),
        "scores": {"trained": trainings.scores(params, weights["trained"])},
        "evaluations": {group: keyed(jobs) for group, jobs in evaluated.items()},
        **shown.operating(params, evaluated["published"] + evaluated["own"] + evaluated["trained"]),
        "routings": {"trained": keyed(shown.routed(params, found["trained"]))},
        "shares": {"all": shown.over_scales(params, weights)},
        "classes": {"all": shown.over_classes(params, evaluated["trained"])},
        "lineage": {"all": shown.lineage(params)},
        "costs": {group: keyed(runs.of_methods(names, scales)) for group, names in costs.items()},
    }


def all_of(section: Mapping[str, Mapping[str, Job]]) -> list[Job]:
    """The jobs of a section of what `derive` gives, group by group."""
    return [job for group in section.values() for job in group.values()]


def path() -> Path:
    """Where DVC reads them."""
    return project_root() / "workflow/jobs.yaml"


def write(params: Params) -> None:
    """Write `workflow/jobs.yaml`, whole or not at all."""
    atomic.write(path(), HEADER + dump_yaml(derive(params)))


def check(params: Params) -> Jobs:
    """All jobs. Refuses a `workflow/jobs.yaml` that is not what the params call for: the engines would differ."""
    derived = derive(params)
    if read_yaml(path(), _REPAIR) != derived:
        raise ResoluteError(f"workflow/jobs.yaml is not what params.yaml calls for: {_REPAIR}")
    return derived


def cost(group: str, method: str, scale: float) -> Path:
    """Where the rows of a job of `costs` lie."""
    return layout.exported_cost(method, scale) if group == "onnxruntime" else layout.cost(method, scale)


def evaluations(params: Params) -> list[tuple[Run, str]]:
    """Every run with every data set that it is evaluated on."""
    return [(run_of(params, job), job["dataset"]) for job in all_of(derive(params)["evaluations"])]


def _evaluations(params: Params, evaluated: list[Job]) -> list[Job]:
    """Every run with every data set that it is evaluated on, as jobs."""
    found = []
    for job in evaluated:
        run = run_of(params, job)
        weights = {"weights": place(layout.weights(weights_of(params, job)))} if entry(run.method).trainable else {}
        for dataset in (name for name in params["data"]["test"] if datasets.entry(name).serves(run.scale)):
            made = {"rows": place(layout.quality(run, dataset)), "images": place(layout.sr_images(run, dataset))}
            found.append({**job, "dataset": dataset, **weights, **made})
    return found

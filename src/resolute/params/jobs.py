"""Every data set, reduction, pack, run, evaluation and cost that the params call for, one by one.

Snakemake derives them from `params.yaml` when it plans. DVC cannot derive anything: it reads `workflow/jobs.yaml`,
which is written from the params and never edited. It is a file of its own because DVC parses `params.yaml` again for
every stage.
"""

from collections.abc import Mapping
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

from resolute import datasets
from resolute.core import atomic, layout
from resolute.core.errors import ResoluteError
from resolute.core.layout import Run, Span, Weights, project_root, scale_name
from resolute.core.schema import dump_yaml, read_yaml
from resolute.registry import Entry, entry

Params = dict[str, Any]
Job = dict[str, Any]
Jobs = dict[str, dict[str, dict[str, Job]]]
"""By section, group and key."""

HEADER = "# Written by `resolute preset` and `resolute jobs` from params.yaml, for DVC; do not edit.\n"
_REPAIR = "run `resolute jobs`"


def derive(params: Params) -> Jobs:
    """All jobs.

    Returns:
        `sets` in the groups `original` and `derived` (made `of` another set), with the files that say what each is;
        `reductions` of them to LR images where
        something is trained, evaluated or shown, all in one group; `packs` of what is trained on or shown in the groups
        `hr` (one per set) and `lr` (one per set and scale), and `union_hr` and `union_lr` for unions `of` other sets;
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
    methods, tested = params["methods"], params["data"]["test"]
    published = [job for name in methods["published"] for job in _published(entry(name), params["scales"])]
    runs = {
        "baseline": [job for job in published if not entry(job["method"]).trainable],
        "published": [job for job in published if entry(job["method"]).trainable],
        "own": [job for name, own in methods.get("own", {}).items() for job in _own(name, own, params["scales"])],
        "trained": [
            {**job, "seed": seed}
            for job in _jobs(methods["trained"], params["scales"])
            for seed in seeds(params, job["method"])
        ],
    }
    weights = {group: _weights(params, runs[group]) for group in ("published", "trained")}
    evaluations = {group: _evaluations(params, jobs, tested) for group, jobs in runs.items()}
    costs = {
        "counted": [name for name in methods["counted"] if name not in methods["timed"]],
        "timed": methods["timed"],
    }
    if methods.get("onnxruntime"):
        costs["onnxruntime"] = methods["onnxruntime"]
    return {
        **_data(params, list(weights["trained"].values()), [job for jobs in evaluations.values() for job in jobs]),
        "weights": weights,
        "trainings": _trainings(params, weights["trained"]),
        "scores": {"trained": _scores(params, weights["trained"])},
        "evaluations": {group: _keyed(found) for group, found in evaluations.items()},
        **_operating(params, evaluations["published"] + evaluations["own"] + evaluations["trained"]),
        "routings": {"trained": _keyed(_routed(params, runs["trained"]))},
        "shares": {"all": _over_scales(params, weights)},
        "classes": {"all": _over_classes(params, [job for job in evaluations["trained"] if _has_scores(job)])},
        "lineage": {"all": _lineage(params)},
        "costs": {group: _keyed(_jobs(names, params["scales"])) for group, names in costs.items()},
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


def run_of(params: Params, job: Mapping[str, Any]) -> Run:
    """The run that a job of `evaluations` or `routings` names."""
    return Run(job["method"], float(job["scale"]), _name(params, job))


def weights_of(params: Params, job: Mapping[str, Any]) -> Weights:
    """The weights that a job names: those that it makes, or those of its run."""
    span = Span.parse(job["span"]) if "span" in job else entry(job["method"]).span(float(job["scale"]))
    return Weights(job["method"], span, _name(params, job))


def seeds(params: Params, method: str) -> list[int]:
    """The seeds of a method's trainings: its own, or else those of all."""
    found: list[int] = params["methods"].get("seeds", {}).get(method, params["seeds"])
    return found


def published_at(params: Params, scale: float) -> list[Weights]:
    """The published weights that serve a scale."""
    found = [job for name in params["methods"]["published"] for job in _published(entry(name), [scale])]
    return [weights_of(params, job) for job in found if entry(job["method"]).trainable]


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


def _name(params: Params, job: Mapping[str, Any]) -> str:
    if "own" in job:
        return f"own-{job['own']}"
    return f"published-{job['tag']}" if "tag" in job else f"{params['preset']}-seed{job['seed']}"


def _weights(params: Params, runs: list[Job]) -> dict[str, Job]:
    """The sets of weights that runs are of: of several scales there may be one."""
    found: dict[str, Job] = {}
    for run in runs:
        weights = weights_of(params, run)
        job = {"span": str(weights.span), **{name: value for name, value in run.items() if name != "scale"}}
        if "seed" in run:
            data = training_set(params, run["method"])
            job |= {"data": data, "reads": _place(layout.training_data(data, weights.span))}
            job |= {"log": _place(layout.training_log(weights)), "times": _place(layout.training_times(weights))}
        found[_key(job)] = {**job, "weights": _place(layout.weights(weights))}
    return found


def _trainings(params: Params, trained: dict[str, Job]) -> dict[str, dict[str, Job]]:
    groups: dict[str, dict[str, Job]] = {"fresh": {}, "warm_started": {}, "scored": {}}
    for key, job in trained.items():
        wanted = weights_of(params, job)
        start, by = warm_start(params, wanted), scorer(params, wanted)
        if start:
            groups["warm_started"][key] = {**job, "start": _place(layout.weights(start))}
        elif by:
            groups["scored"][key] = {**job, "scores": _place(layout.patch_scores(job["data"], by))}
        else:
            groups["fresh"][key] = job
    return groups


def _scores(params: Params, trained: dict[str, Job]) -> dict[str, Job]:
    """The scores that trainings draw by; those of one set of patches by the same weights are made once."""
    asked = [(job, scorer(params, weights_of(params, job))) for job in trained.values()]
    found = [
        {
            "method": by.method,
            "scale": _short(by.span.low),
            "seed": job["seed"],
            "dataset": job["data"],
            "reads": job["reads"],
            "weights": _place(layout.weights(by)),
            "scores": _place(layout.patch_scores(job["data"], by)),
        }
        for job, by in asked
        if by
    ]
    return _keyed(found)


def _data(params: Params, trained: list[Job], evaluated: list[Job]) -> dict[str, dict[str, dict[str, Job]]]:
    """The jobs of the data stages: nothing is fetched, reduced or packed that no other job needs."""
    shown = params["figures"]
    spans = [(job["data"], Span.parse(job["span"])) for job in trained]
    packed = [(dataset, _short(span.low)) for dataset, span in spans if span.is_single]
    packed += [(facts["dataset"], facts["scale"]) for facts in shown["photographs"].values()]
    hr_alone = [dataset for dataset, span in spans if not span.is_single]
    reduced = [(part, scale) for dataset, scale in packed for part in datasets.entry(dataset).parts]
    reduced += [(job["dataset"], job["scale"]) for job in evaluated]
    needed = {dataset for dataset, _ in reduced} | {facts["dataset"] for facts in shown["comparisons"].values()}
    needed |= {part for dataset in hr_alone for part in datasets.entry(dataset).parts}
    needed = needed.union(*(datasets.entry(dataset).source.of for dataset in needed))
    return {
        "sets": _sets([name for name in params["data"]["sets"] if name in needed]),
        "reductions": {"all": {_set_key(*pair): _reduction(*pair) for pair in reduced}},
        "packs": _packs(packed, hr_alone),
    }


def _reduction(dataset: str, scale: float) -> Job:
    one = datasets.entry(dataset)
    one.variant_at(scale)  # LR images that came with it may lack the scale: said before anything runs
    return {"dataset": dataset, "scale": scale, "registry": one.registry_file}


def _packs(packed: list[tuple[str, float]], hr_alone: list[str]) -> dict[str, dict[str, Job]]:
    found: dict[str, dict[str, Job]] = {"hr": {}, "lr": {}, "union_hr": {}, "union_lr": {}}
    for dataset, scale in [*packed, *((dataset, None) for dataset in hr_alone)]:
        one = datasets.entry(dataset)
        kind, of = ("union_", {"of": list(one.parts)}) if one.is_union else ("", {})
        found[f"{kind}hr"][dataset] = of
        if scale is not None:
            found[f"{kind}lr"][_set_key(dataset, scale)] = {"dataset": dataset, "scale": scale, **of}
    return found


def _short(scale: float) -> float:
    """A scale as the params write it and DVC's templates show it: 4, 3.7."""
    return int(scale) if scale == int(scale) else scale


def _set_key(dataset: str, scale: float) -> str:
    """The name of a job about a data set at a scale: `set5-x4`."""
    return f"{dataset}-{scale_name(scale)}"


def _sets(names: list[str]) -> dict[str, dict[str, Job]]:
    groups: dict[str, dict[str, Job]] = {"original": {}, "derived": {}}
    for one in map(datasets.entry, names):
        read = {"registry": one.registry_file, "listed": one.manifest_file}
        if one.source.of:
            groups["derived"][one.name] = {"of": one.source.of[0], **read}
        else:
            groups["original"][one.name] = read
    return groups


def evaluations(params: Params) -> list[tuple[Run, str]]:
    """Every run with every data set that it is evaluated on."""
    return [(run_of(params, job), job["dataset"]) for job in all_of(derive(params)["evaluations"])]


def _jobs(names: list[str], scales: list[float]) -> list[Job]:
    """One job for every method and scale that it has."""
    found = [(entry(name), scale) for name in names for scale in scales]
    return [{"method": one.name, "scale": _short(scale)} for one, scale in found if one.serves(scale)]


def _published(method: Entry, scales: list[float]) -> list[Job]:
    found = _jobs([method.name], scales)
    return [{**job, "tag": method.tag()} for job in found if method.has_weights("published", job["scale"])]


def _own(method: str, names: list[str], scales: list[float]) -> list[Job]:
    return [
        {**job, "own": name} for job in _jobs([method], scales) for name in names if own_weights(job, name).is_file()
    ]


def own_weights(job: Job, name: str) -> Path:
    """The file of weights that were imported under a name, for the method and the scale of a job."""
    return layout.weights(Weights(job["method"], entry(job["method"]).span(job["scale"]), f"own-{name}"))


def _evaluations(params: Params, runs: list[Job], tested: list[str]) -> list[Job]:
    found = []
    for job in runs:
        run = run_of(params, job)
        weights = {"weights": _place(layout.weights(weights_of(params, job)))} if entry(run.method).trainable else {}
        for dataset in (name for name in tested if datasets.entry(name).serves(run.scale)):
            made = {"rows": _place(layout.quality(run, dataset)), "images": _place(layout.sr_images(run, dataset))}
            found.append({**job, "dataset": dataset, **weights, **made})
    return found


def _operating(params: Params, evaluated: list[Job]) -> dict[str, dict[str, dict[str, Job]]]:
    """What shows the operating points of methods that have several: of trainings, those with the first seed."""
    having = [
        job
        for job in evaluated
        if entry(job["method"]).settings and job.get("seed") in (None, seeds(params, job["method"])[0])
    ]
    points, maps = {}, {}
    for job, (shown, facts) in product(having, params["figures"]["settings"].items()):
        named = job["method"] in facts.get("methods", [job["method"]])
        if named and (job["dataset"], job["scale"]) == (facts["dataset"], facts["scale"]):
            run = run_of(params, job)
            made = {"rows": layout.operating_points(run, job["dataset"]), "routes": layout.routes(run, job["dataset"])}
            point = {**job, **{name: _place(path) for name, path in made.items()}}
            del point["images"]
            points[_key(job)] = point
            name = f"{shown}-{_key({key: value for key, value in job.items() if key != 'dataset'})}"
            maps[name] = {**point, "image": facts["image"], "shown": shown, "quality": job["rows"]}
    curves = {
        _set_key(job["dataset"], job["scale"]): {"dataset": job["dataset"], "scale": job["scale"]}
        for job in filter(_has_scores, having)
    }
    return {"points": {"all": points}, "maps": {"all": maps}, "curves": {"all": curves}}


def _has_scores(evaluation: Job) -> bool:
    return datasets.entry(evaluation["dataset"]).has_originals


def _tested_scales(params: Params) -> list[float]:
    """The scales at which anything is evaluated: LR images alone are for those that they are there for."""
    tested = [datasets.entry(name) for name in params["data"]["test"]]
    return [scale for scale in params["scales"] if any(one.serves(scale) for one in tested)]


def _routed(params: Params, trained: list[Job]) -> list[Job]:
    """The trainings of methods that choose experts, at the scales at which it is measured which."""
    scales = _tested_scales(params)
    return [job for job in trained if entry(job["method"]).experts and job["scale"] in scales]


def _over_scales(params: Params, weights: dict[str, dict[str, Job]]) -> dict[str, Job]:
    """The weights, trained for a span of scales, of methods that choose experts and are evaluated at several scales."""
    return {
        key: {name: value for name, value in job.items() if name in ("method", "span", "tag", "seed")}
        for group in weights.values()
        for key, job in group.items()
        if entry(job["method"]).experts
        and not Span.parse(job["span"]).is_single
        and sum(map(entry(job["method"]).serves, _tested_scales(params))) > 1
    }


def _over_classes(params: Params, trained: list[Job]) -> dict[str, Job]:
    """The networks that are trained with several numbers of classes of patches and are alike else, with each data set
    and scale that they are evaluated at: the `methods` that they are.
    """
    found: dict[str, Job] = {}
    for job in trained:
        one, recipes = entry(job["method"]), params["recipes"]
        network = entry(one.like) if one.like else one
        differs_alone = one is network or one.options != network.options
        if "classes" in one.options and differs_alone and recipes[one.name] == recipes.get(network.name):
            place = {"dataset": job["dataset"], "scale": job["scale"]}
            key = f"{network.name}-{_set_key(**place)}"
            shown = found.setdefault(key, {**place, "methods": [network.name]})
            if one.name not in shown["methods"]:
                shown["methods"].append(one.name)
    return {key: job for key, job in found.items() if len(job["methods"]) > 1}


def _lineage(params: Params) -> dict[str, Job]:
    scales = [scale for scale in params["scales"] if len(published_at(params, scale)) > 1]
    return {scale_name(scale): {"scale": _short(scale)} for scale in scales}


def _place(path: Path) -> str:
    """A file as DVC names it: below the project root."""
    return path.relative_to(project_root()).as_posix()


def _keyed(jobs: list[Job]) -> dict[str, Job]:
    """Jobs under the names that DVC's stages show: `rlfn_tiny-x4`, `rlfn_tiny-x4-seed0-set5`."""
    return {_key(job): job for job in jobs}


def _key(job: Job) -> str:
    seed = [f"seed{job['seed']}"] if "seed" in job else [f"own-{job['own']}"] if "own" in job else []
    dataset = [job["dataset"]] if "dataset" in job else []
    return "-".join([job["method"], job.get("span") or scale_name(job["scale"]), *seed, *dataset])

"""The jobs of what figures show beside single evaluations: operating points, shares, classes, lineage."""

from itertools import product

from resolute import datasets
from resolute.core import layout
from resolute.core.layout import Span, scale_name
from resolute.params.jobs.naming import Job, Params, key, place, set_key, short
from resolute.params.jobs.runs import published_at, run_of, seeds
from resolute.registry import entry


def operating(params: Params, evaluated: list[Job]) -> dict[str, dict[str, dict[str, Job]]]:
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
            point = {**job, **{name: place(path) for name, path in made.items()}}
            del point["images"]
            points[key(job)] = point
            name = f"{shown}-{key({name: value for name, value in job.items() if name != 'dataset'})}"
            maps[name] = {**point, "image": facts["image"], "shown": shown, "quality": job["rows"]}
    curves = {
        set_key(job["dataset"], job["scale"]): {"dataset": job["dataset"], "scale": job["scale"]}
        for job in filter(_has_scores, having)
    }
    return {"points": {"all": points}, "maps": {"all": maps}, "curves": {"all": curves}}


def _has_scores(evaluation: Job) -> bool:
    return datasets.entry(evaluation["dataset"]).has_originals


def routed(params: Params, trained: list[Job]) -> list[Job]:
    """The trainings of methods that choose experts, at the scales at which it is measured which."""
    scales = _tested_scales(params)
    return [job for job in trained if entry(job["method"]).experts and job["scale"] in scales]


def over_scales(params: Params, weights: dict[str, dict[str, Job]]) -> dict[str, Job]:
    """The weights, trained for a span of scales, of methods that choose experts and are evaluated at several scales."""
    return {
        key(job): {name: value for name, value in job.items() if name in ("method", "span", "tag", "seed")}
        for group in weights.values()
        for job in group.values()
        if entry(job["method"]).experts
        and not Span.parse(job["span"]).is_single
        and sum(map(entry(job["method"]).serves, _tested_scales(params))) > 1
    }


def _tested_scales(params: Params) -> list[float]:
    """The scales at which anything is evaluated: LR images alone are for those that they are there for."""
    tested = [datasets.entry(name) for name in params["data"]["test"]]
    return [scale for scale in params["scales"] if any(one.serves(scale) for one in tested)]


def over_classes(params: Params, trained: list[Job]) -> dict[str, Job]:
    """The networks that are trained with several numbers of classes of patches and are alike else, with each data set
    and scale that they are evaluated at: the `methods` that they are.
    """
    found: dict[str, Job] = {}
    for job in filter(_has_scores, trained):
        one, recipes = entry(job["method"]), params["recipes"]
        network = entry(one.like) if one.like else one
        differs_alone = one is network or one.options != network.options
        if "classes" in one.options and differs_alone and recipes[one.name] == recipes.get(network.name):
            at = {"dataset": job["dataset"], "scale": job["scale"]}
            alike = found.setdefault(f"{network.name}-{set_key(**at)}", {**at, "methods": [network.name]})
            if one.name not in alike["methods"]:
                alike["methods"].append(one.name)
    return {name: job for name, job in found.items() if len(job["methods"]) > 1}


def lineage(params: Params) -> dict[str, Job]:
    """The scales at which two or more published sets of weights can be compared."""
    scales = [scale for scale in params["scales"] if len(published_at(params, scale)) > 1]
    return {scale_name(scale): {"scale": short(scale)} for scale in scales}

"""`params.yaml`: the whole configuration, checked, and the files that it calls for.

It is written by `resolute preset` and edited by hand or by `dvc exp run -S`; both engines read it, and nothing else is
configuration. `resolute.params.jobs` spells out what it calls for.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from resolute import datasets
from resolute.core import extras, layout
from resolute.core.errors import ResoluteError, nearest
from resolute.core.layout import project_root
from resolute.core.schema import read_yaml, validate
from resolute.methods.plan import Plan, make_plan
from resolute.params import jobs, networks
from resolute.params.jobs.runs import training_set
from resolute.params.schema import params_schema

Params = dict[str, Any]


def load() -> Params:
    """The checked content of the project's `params.yaml`; networks that it names by their files have names in it."""
    path = project_root() / "params.yaml"
    params = read_yaml(path, "mend it, or write a preset with `resolute preset NAME`")
    validate(params, params_schema(), "params.yaml")
    networks.check_quotes(path)
    for choice in filter(params["methods"].__contains__, networks.LISTS):
        params["methods"][choice] = networks.named(params["methods"][choice], f"params.yaml: methods.{choice}")
    check(params, "params.yaml")
    return params


def check(params: Params, where: str) -> None:
    """Refuse params that break the schema, that name what is not there, or that contradict the registries."""
    validate(params, params_schema(), where)
    _check_data(params, where)
    networks.check_names(params["recipes"], f"{where}: recipes")
    for key in ("own", "seeds"):
        networks.check_names(params["methods"].get(key, {}), f"{where}: methods.{key}")
    for choice, names in params["methods"].items():
        for name in names:
            _check_method(f"{where}: methods.{choice}", choice, name, params["scales"])
    if params["methods"].get("onnxruntime"):
        extras.check_export(f"{where}: methods.onnxruntime is asked for, but ")
    for method, names in params["methods"].get("own", {}).items():
        _check_own(f"{where}: methods.own.{method}", method, names, params["scales"])
    for name in params["methods"].get("seeds", {}):
        if name not in params["methods"]["trained"]:
            raise ResoluteError(
                f"{where}: methods.seeds has '{name}', which is not trained: list it in methods.trained"
            )
    for name in params["methods"]["trained"]:
        if name not in params["recipes"]:
            raise ResoluteError(f"{where}: recipes.{name} is missing: {{}} if it needs none of its own")
        training_set(params, name)
        _check_scorer(params, where, name)
    for name, facts in params["figures"]["comparisons"].items():
        _check_compared(f"{where}: figures.comparisons.{name}", facts, params)
        for method in facts.get("methods", ()):
            _check_evaluated(f"{where}: figures.comparisons.{name}.methods", method, params)
    for name, facts in params["figures"]["settings"].items():
        _check_tested(f"{where}: figures.settings.{name}", facts, params)
        for method in facts.get("methods", ()):
            _check_evaluated(f"{where}: figures.settings.{name}.methods", method, params)
    for name, facts in params["figures"]["gains"].items():
        _check_tested(f"{where}: figures.gains.{name}", facts, params)
        if not datasets.entry(facts["dataset"]).has_originals:
            alone = f"{facts['dataset']} has LR images alone, which nothing gains on: take a data set with originals"
            raise ResoluteError(f"{where}: figures.gains.{name}: {alone}")
        for part in ("of", "over"):
            _check_evaluated(f"{where}: figures.gains.{name}.{part}", facts[part], params)


def plan(params: Params, method: str) -> Plan:
    """How a method is trained: as its recipe says, and where that says nothing as `train` does."""
    return make_plan(params["train"], params["recipes"].get(method, {}), method)


def plans(params: Params) -> dict[str, Plan]:
    """How every method is trained that has a recipe, as all have that are trained."""
    return {method: plan(params, method) for method in params["recipes"]}


def training_splits(params: Params, dataset: str) -> list[str]:
    """The splits of a data set that are trained on: those of `data.splits` that the registry allows."""
    splits, first = datasets.entry(dataset).splits, datasets.training_split(dataset)
    asked = params["data"]["splits"].get(dataset) or [first]
    found = [split for split in asked if splits[split].use == "train"]
    if not found:
        raise ResoluteError(f"data.splits.{dataset} has no split to train on: add '{first}'")
    return found


def measurements(params: Params, derived: jobs.Jobs | None = None) -> list[Path]:
    """The measurement files that the params call for, whether they exist yet or not.

    Args:
        derived: what `jobs.derive` gives, from whoever has it already; so below.
    """
    derived, root = derived or jobs.derive(params), project_root()
    rows = [root / job["rows"] for part in ("evaluations", "points") for job in jobs.all_of(derived[part])]
    costs = [(group, job) for group, found in derived["costs"].items() for job in found.values()]
    return rows + [jobs.cost(group, job["method"], float(job["scale"])) for group, job in costs]


def sr_files(params: Params, derived: jobs.Jobs | None = None) -> list[Path]:
    """The SR images that the evaluations keep, one archive each."""
    derived, root = derived or jobs.derive(params), project_root()
    return [root / job["images"] for job in jobs.all_of(derived["evaluations"])]


def route_files(params: Params) -> list[Path]:
    """The maps of chosen experts, one archive for each run and data set."""
    return [project_root() / job["routes"] for job in jobs.derive(params)["points"]["all"].values()]


def weights_files(params: Params, derived: jobs.Jobs | None = None) -> list[Path]:
    """The weights that the params call for, with the logs and times of trainings."""
    weights = jobs.all_of((derived or jobs.derive(params))["weights"])
    places = [job.get(file) for job in weights for file in ("weights", "log", "times")]
    return [project_root() / place for place in places if place]


def figure_files(params: Params, derived: jobs.Jobs | None = None) -> list[Path]:
    """The figures that the params call for, in every form, with the data of those that the report draws anew."""
    shown, derived = params["figures"], derived or jobs.derive(params)
    plain = [
        *("psnr_macs", "psnr_params", "psnr_latency"),
        *(f"patch_{kind}_{name}" for name in shown["photographs"] for kind in ("categories", "scores")),
        *(f"curve_{name}" for name in derived["curves"]["all"]),
        *(f"classes_{name}" for name in derived["classes"]["all"]),
        *(f"gain_{name}" for name in shown["gains"]),
        *(f"routing_{run}" for run in derived["routings"]["trained"]),
        *(f"shares_{weights}" for weights in derived["shares"]["all"]),
    ]
    with_data = [
        *(f"patch_difficulty_{name}" for name in shown["photographs"]),
        *(f"training_{run}" for run in derived["weights"]["trained"]),
        *(f"comparison_{name}" for name in shown["comparisons"]),
        *(f"settings_{name}" for name in derived["maps"]["all"]),
        *(f"lineage_{scale}" for scale in derived["lineage"]["all"]),
    ]
    files = [f"{name}.{form}" for name in plain + with_data for form in layout.FIGURE_FORMATS]
    return [layout.figures() / file for file in files + [f"{name}.json" for name in with_data]]


def leaves(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """The values of nested params with their dotted keys."""
    for key, value in tree.items():
        if isinstance(value, dict) and value:
            yield from leaves(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _check_method(where: str, choice: str, name: str, scales: list[float]) -> None:
    from resolute import registry

    if name not in registry.names():
        taken = "methods.trained, counted and timed take a network of yours as FILE:CLASS, such as ./my_net.py:MyNet"
        hint = taken if ".py" in name else nearest(name, registry.names())
        raise ResoluteError(f"{where}: unknown method '{name}': {hint}")
    entry = registry.entry(name)
    if not any(map(entry.serves, scales)):
        entry.check_scale(scales[0])
    if choice == "published":
        entry.tag()
    elif not entry.trainable:
        raise ResoluteError(f"{where}: '{name}' has no network")


def _check_own(where: str, method: str, names: list[str], scales: list[float]) -> None:
    """Refuse imported weights that are not here for any of the scales."""
    from resolute import registry

    for name in names:
        jobs_of = [{"method": method, "scale": scale} for scale in scales if registry.entry(method).serves(scale)]
        if not any(jobs.own_weights(job, name).is_file() for job in jobs_of):
            brought = f"`resolute import FILE --method {method} --name {name}` brings them"
            raise ResoluteError(f"{where}: there are no weights '{name}' for these scales: {brought}")


def _check_scorer(params: Params, where: str, name: str) -> None:
    """Refuse a recipe whose patches are scored by what is not trained, or cannot be before it."""
    from resolute import registry

    recipe, trained = params["recipes"][name], params["methods"]["trained"]
    scorer = recipe.get("scored_by")
    if not scorer:
        return
    asked = f"{where}: recipes.{name}.scored_by is '{scorer}'"
    if scorer not in trained:
        raise ResoluteError(f"{asked}: list it in methods.trained too")
    if alone := sorted({*jobs.seeds(params, name)} - {*jobs.seeds(params, scorer)}):
        raise ResoluteError(f"{asked}, which has no seed {alone[0]}: give both the same under methods.seeds")
    if scorer == name or "scored_by" in params["recipes"].get(scorer, {}):
        raise ResoluteError(f"{asked}: name a method whose own patches are not scored")
    if "warm_start" in recipe:
        raise ResoluteError(f"{asked}, and it has a warm_start: leave one of them out")
    for scale in filter(registry.entry(name).serves, params["scales"]):
        spans = [registry.entry(one).span(scale) for one in (name, scorer)]
        if spans[0] != spans[1] or not spans[0].is_single:
            raise ResoluteError(f"{asked}, which has to be trained at x{scale:g} alone, as {name} has to be")


def _check_compared(where: str, facts: Mapping[str, Any], params: Params) -> None:
    """Refuse a comparison on an image that is not kept."""
    name = facts["dataset"]
    if not datasets.entry(name).has_originals:  # all of its images are kept, where it is evaluated
        _check_tested(where, facts, params)
    elif facts["image"] not in params["evaluate"]["keep"].get(name, ()):
        raise ResoluteError(f"{where} shows '{facts['image']}', which evaluate.keep.{name} lacks")


def _check_tested(where: str, facts: Mapping[str, Any], params: Params) -> None:
    """Refuse a figure of a data set or a scale at which nothing is evaluated."""
    for key, known in (("dataset", params["data"]["test"]), ("scale", params["scales"])):
        if facts[key] not in known:
            listed = "data.test" if key == "dataset" else "scales"
            raise ResoluteError(f"{where}: {listed} lacks {facts[key]}, where nothing is evaluated then: list it there")
    datasets.entry(facts["dataset"]).variant_at(facts["scale"])  # refuses one that LR images of its own lack


def _check_evaluated(where: str, method: str, params: Params) -> None:
    """Refuse a figure of a method that no job evaluates."""
    methods = params["methods"]
    known = [*methods["published"], *methods["trained"], *methods.get("own", {})]
    if method not in known:
        raise ResoluteError(
            f"{where}: '{method}' is neither in methods.published nor own nor trained: {nearest(method, known)}"
        )


def _check_data(params: Params, where: str) -> None:
    data = params["data"]
    for key in ("sets", "train", "test", "splits"):
        for dataset in data[key]:
            _check_listed(f"{where}: data.{key}", dataset, data)
    for one in map(datasets.entry, data["sets"]):
        if one.is_union:
            raise ResoluteError(f"{where}: data.sets has '{one.name}': list {' and '.join(one.parts)} alone, its parts")
    for dataset, splits in data["splits"].items():
        for split in splits:
            known = datasets.entry(dataset).splits
            if split not in known:
                raise ResoluteError(f"{where}: data.splits.{dataset}: no split '{split}': {nearest(split, known)}")
    for dataset in data["train"]:
        _check_trained(params, dataset)
    for dataset in data["test"]:
        if not any(map(datasets.entry(dataset).serves, params["scales"])):
            datasets.entry(dataset).variant_at(params["scales"][0])
        split = datasets.test_split(dataset)
        if split not in data["splits"][dataset]:
            raise ResoluteError(f"{where}: data.splits.{dataset} lacks '{split}', which is its split for testing")
    own = {f"recipes.{name}.data": recipe["data"] for name, recipe in params["recipes"].items() if "data" in recipe}
    photographs = params["figures"]["photographs"].items()
    shown = {f"figures.photographs.{name}": facts["dataset"] for name, facts in photographs}
    for key, dataset in {**own, **shown}.items():
        _check_listed(f"{where}: {key}", dataset, data)
        _check_trained(params, dataset)


def _check_listed(where: str, dataset: str, data: Mapping[str, Any]) -> None:
    if dataset not in datasets.names():
        raise ResoluteError(f"{where}: unknown data set '{dataset}': {nearest(dataset, datasets.names())}")
    one = datasets.entry(dataset)
    for part in dict.fromkeys((*one.parts, *one.source.of)):  # what holds its images, and what these are made from
        if part not in data["sets"] or part not in data["splits"]:
            listed = "it" if part == dataset else part
            raise ResoluteError(f"{where} has '{dataset}': list {listed} in data.sets and data.splits too")
    if dataset not in data["splits"]:
        raise ResoluteError(f"{where} has '{dataset}': list it in data.splits too")


def _check_trained(params: Params, dataset: str) -> None:
    """Refuse to train on splits that are not for it, but for one that is there to be tested on."""
    tested = [datasets.test_split(dataset)] if dataset in params["data"]["test"] else []
    for split in params["data"]["splits"][dataset]:
        if split not in tested:
            datasets.training_split(dataset, split)
    for split in training_splits(params, dataset):
        for part in map(datasets.entry, datasets.entry(dataset).parts):
            if split not in (params["data"]["splits"][part.name] or part.default_splits):
                raise ResoluteError(f"data.splits.{part.name} lacks '{split}', which is a part of {dataset}")

"""`params.yaml`: the whole configuration, checked, and what it calls for: runs, files, settings.

It is written by `resolute preset` and edited by hand or by `dvc exp run -S`. Everything that a run consists of is
spelled out in it, because DVC cannot derive anything: `runs`, `evaluations` and `costs` name every job of the DAG.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from resolute.core import layout
from resolute.core.errors import ResoluteError, nearest
from resolute.core.layout import Run, project_root, scale_name
from resolute.core.schema import read_yaml, validate

Params = dict[str, Any]

GROUPS = ("baseline", "published", "trained")


def load() -> Params:
    """The checked content of the project's `params.yaml`."""
    params = read_yaml(project_root() / "params.yaml")
    check(params, "params.yaml")
    return params


def check(params: Params, where: str) -> None:
    """Refuse params that break the schema, that name what is not there, or that contradict the registries."""
    validate(params, project_root() / "workflow/schemas/params.schema.json", where)
    _check_data(params["data"], where)
    for section in ("runs", "evaluations"):
        for group in GROUPS:
            for key, facts in params[section][group].items():
                _check_job(f"{where}: {section}.{group}.{key}", key, facts)
                if facts.get("dataset", "") not in ("", *params["data"]["test"]):
                    missing = f"'{facts['dataset']}', which data.test lacks"
                    raise ResoluteError(f"{where}: {section}.{group}.{key} evaluates on {missing}")
    for key, facts in params["costs"].items():
        _check_job(f"{where}: costs.{key}", key, facts)
    for key, facts in params["runs"]["trained"].items():
        if facts["method"] not in params["recipes"]:
            raise ResoluteError(f"{where}: recipes.{facts['method']} is missing: {{}} if it needs none of its own")
        if facts["data"] not in params["data"]["train"]:
            raise ResoluteError(f"{where}: runs.trained.{key} trains on '{facts['data']}', which data.train lacks")


def run_of(params: Params, facts: Mapping[str, Any]) -> Run:
    """The run that an entry of `runs` or `evaluations` names."""
    weights = f"published-{facts['tag']}" if "tag" in facts else f"{params['preset']}-seed{facts['seed']}"
    return Run(facts["method"], float(facts["scale"]), weights)


def training_set(params: Params, method: str, scale: float, seed: int) -> str:
    """The data set that a run trains on: as `runs.trained` has it, else the first of `data.train`."""
    facts = params["runs"]["trained"].get(job_key({"method": method, "scale": scale, "seed": seed}))
    if facts:
        return str(facts["data"])
    if not params["data"]["train"]:
        raise ResoluteError("data.train is empty: the params name nothing to train on, choose another preset")
    return str(params["data"]["train"][0])


def training_splits(params: Params, dataset: str) -> list[str]:
    """The splits of a data set that are trained on: those of `data.splits` that the registry allows."""
    from resolute import datasets

    splits = datasets.entry(dataset).splits
    asked = params["data"]["splits"].get(dataset) or [datasets.training_split(dataset)]
    return [split for split in asked if splits[split].use == "train"]


def measurements(params: Params) -> list[Path]:
    """The measurement files that the params call for, whether they exist yet or not."""
    evaluations = [facts for group in GROUPS for facts in params["evaluations"][group].values()]
    quality = [layout.quality(run_of(params, facts), facts["dataset"]) for facts in evaluations]
    cost = [layout.cost(facts["method"], float(facts["scale"])) for facts in params["costs"].values()]
    return quality + cost


def figure_files(params: Params) -> list[Path]:
    """The figures that the params call for, as SVG and PNG."""
    names = ["psnr_macs"]
    for photograph in params["figures"]["photographs"]:
        names += [f"patch_categories_{photograph}", f"patch_difficulty_{photograph}"]
    return [layout.figures() / f"{name}.{form}" for name in names for form in ("svg", "png")]


def job_key(facts: Mapping[str, Any]) -> str:
    """How the params name a job: `rlfn_tiny-x4`, `rlfn_tiny-x4-seed0`, `rlfn_tiny-x4-seed0-set5`."""
    seed = [f"seed{facts['seed']}"] if "seed" in facts else []
    dataset = [facts["dataset"]] if "dataset" in facts else []
    return "-".join([facts["method"], scale_name(facts["scale"]), *seed, *dataset])


def leaves(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """The values of nested params with their dotted keys."""
    for key, value in tree.items():
        if isinstance(value, dict) and value:
            yield from leaves(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _check_job(where: str, key: str, facts: Mapping[str, Any]) -> None:
    from resolute import registry

    method = facts["method"]
    if method not in registry.names():
        raise ResoluteError(f"{where}: unknown method '{method}': {nearest(method, registry.names())}")
    entry = registry.entry(method)
    entry.check_scale(facts["scale"])
    if key != job_key(facts):
        raise ResoluteError(f"{where}: the key must be '{job_key(facts)}', as what it holds says")
    if "tag" in facts:
        entry.tag(facts["tag"])
    for name, value in (("kind", entry.kind), ("model", entry.model)):
        if facts.get(name, value) != value:
            raise ResoluteError(f"{where}: {name} is '{facts[name]}', the registry says '{value}'")


def _check_data(data: Mapping[str, Any], where: str) -> None:
    from resolute import datasets

    for key in ("sets", "train", "test", "splits"):
        for dataset in data[key]:
            if dataset not in datasets.names():
                known = nearest(dataset, datasets.names())
                raise ResoluteError(f"{where}: data.{key}: unknown data set '{dataset}': {known}")
            if dataset not in data["sets"] or dataset not in data["splits"]:
                raise ResoluteError(f"{where}: data.{key} has '{dataset}': list it in data.sets and data.splits too")
    for dataset in data["train"]:
        tested = [datasets.test_split(dataset)] if dataset in data["test"] else []
        for split in data["splits"][dataset]:
            if split not in tested:
                datasets.training_split(dataset, split)
    for dataset in data["test"]:
        split = datasets.test_split(dataset)
        if split not in data["splits"][dataset]:
            raise ResoluteError(f"{where}: data.splits.{dataset} lacks '{split}', which is its split for testing")

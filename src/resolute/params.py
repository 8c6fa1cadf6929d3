"""`params.yaml`: the whole configuration of a run, checked; and the presets that write it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from resolute.core import atomic, layout
from resolute.core.errors import ResoluteError, nearest
from resolute.core.layout import Run, project_root
from resolute.core.schema import read_yaml, validate

Params = dict[str, Any]


def load() -> Params:
    """The checked content of the project's `params.yaml`."""
    params = read_yaml(project_root() / "params.yaml")
    check(params, "params.yaml")
    return params


def check(params: Params, where: str) -> None:
    """Refuse params that break the schema, or that name a method or data set that is not there."""
    from resolute import datasets, registry

    validate(params, project_root() / "workflow/schemas/params.schema.json", where)
    for key, methods in params["methods"].items():
        for method in methods:
            if method not in registry.names():
                raise ResoluteError(
                    f"{where}: methods.{key}: unknown method '{method}': {nearest(method, registry.names())}"
                )
    for method in params["methods"]["trained"]:
        if not registry.entry(method).trainable:
            raise ResoluteError(f"{where}: methods.trained: {method} has nothing to train")
        if method not in params["recipes"]:
            raise ResoluteError(
                f"{where}: recipes.{method} is missing: give it settings of its own, or {{}} for none"
            )
    for method in params["methods"]["published"]:
        registry.entry(method).tag()
    for key in ("sets", "train", "test"):
        for dataset in params["data"][key]:
            if dataset not in datasets.names():
                raise ResoluteError(
                    f"{where}: data.{key}: unknown data set '{dataset}': {nearest(dataset, datasets.names())}"
                )
            if dataset not in params["data"]["sets"]:
                raise ResoluteError(
                    f"{where}: data.{key} names '{dataset}', which data.sets lacks: add it there"
                )
    for dataset in params["data"]["train"]:
        training_splits(params, dataset)
    for dataset in params["data"]["test"]:
        datasets.test_split(dataset)


def fetched_splits(params: Params, dataset: str) -> list[str]:
    """The splits of a data set that the params use; empty for one that they do not use at all."""
    from resolute import datasets

    trained = training_splits(params, dataset) if dataset in params["data"]["train"] else []
    tested = [datasets.test_split(dataset)] if dataset in params["data"]["test"] else []
    return list(dict.fromkeys(trained + tested))


def training_splits(params: Params, dataset: str) -> list[str]:
    """The splits of a data set that are trained on: the params', or the registry's own choice."""
    from resolute import datasets

    asked = params["data"].get("splits", {}).get(dataset)
    return (
        [datasets.training_split(dataset, split) for split in asked]
        if asked
        else [datasets.training_split(dataset)]
    )


def published_runs(params: Params) -> list[Run]:
    """The runs of published weights: each method of `methods.published` at the scales of its weights."""
    return list(_published(params))


def trained_runs(params: Params) -> list[Run]:
    """The runs that the params train: method, scale and seed."""
    return [
        Run(method, scale, f"{params['preset']}-seed{seed}")
        for method in params["methods"]["trained"]
        for scale in scales(params, method)
        for seed in params["seeds"]
    ]


def measurements(params: Params) -> list[Path]:
    """The measurement files that the params call for, whether they exist yet or not."""
    runs = [*published_runs(params), *trained_runs(params)]
    quality = [layout.quality(run, dataset) for run in runs for dataset in params["data"]["test"]]
    cost = [
        layout.cost(method, scale)
        for method in params["methods"]["counted"]
        for scale in scales(params, method)
    ]
    return quality + cost


def photograph_patches(params: Params) -> list[Path]:
    """The patch index that the patch figures are drawn from; none where no photograph is named."""
    photograph = params["figures"].get("photograph")
    return [layout.patch_index(photograph["dataset"], params["scales"][-1])] if photograph else []


def figure_files(params: Params) -> list[Path]:
    """The figures that the params call for."""
    names = ["psnr_macs"]
    if params["figures"].get("photograph"):
        names += ["patch_categories", "patch_difficulty"]
    return [layout.figures() / f"{name}.{form}" for name in names for form in ("svg", "png")]


def scales(params: Params, method: str) -> list[float]:
    """The scales of the params that a method has."""
    from resolute import registry

    return [float(scale) for scale in params["scales"] if scale in registry.entry(method).scales]


def _published(params: Params) -> Iterator[Run]:
    from resolute import registry

    for method in params["methods"]["published"]:
        entry = registry.entry(method)
        tag = entry.tag()
        files = entry.published[tag].files
        for scale in scales(params, method):
            if not files or scale in files:
                yield Run(method, scale, f"published-{tag}")


def preset_names() -> list[str]:
    return sorted(path.stem for path in (project_root() / "workflow/presets").glob("*.yaml"))


def resolve_preset(name: str) -> Params:
    """A preset as complete params.

    `all` under `methods` becomes the list of all methods that fit, `data.sets` the union of what is trained
    and tested on, and every trained method gets its section of `recipes`.
    """
    from resolute import registry

    if name not in preset_names():
        raise ResoluteError(f"unknown preset '{name}': {nearest(name, preset_names())}")
    params = read_yaml(project_root() / "workflow/presets" / f"{name}.yaml")
    fitting = [registry.entry(method) for method in registry.names()]
    fitting = [entry for entry in fitting if any(scale in entry.scales for scale in params["scales"])]
    every = {
        "published": [entry.name for entry in fitting if entry.published],
        "trained": [entry.name for entry in fitting if entry.trainable],
        "counted": [entry.name for entry in fitting],
        "timed": [entry.name for entry in fitting],
    }
    methods = {key: every[key] if value == "all" else value for key, value in params["methods"].items()}
    data = {"sets": list(dict.fromkeys(params["data"]["train"] + params["data"]["test"])), **params["data"]}
    given = params.get("recipes", {})
    recipes = {method: given.get(method, {}) for method in methods["trained"]}
    return {"preset": name, **params, "data": data, "methods": methods, "recipes": recipes}


def write_preset(name: str) -> list[str]:
    """Write a preset to `params.yaml`, whole or not at all.

    Returns:
        One line per value that changed, as `key: old -> new`.
    """
    import yaml

    params = resolve_preset(name)
    check(params, f"workflow/presets/{name}.yaml")
    target = project_root() / "params.yaml"
    old = read_yaml(target) or {}
    text = yaml.safe_dump(params, sort_keys=False, default_flow_style=None, width=110, allow_unicode=True)
    header = f"# Written by `resolute preset {name}`; the only configuration that both engines read.\n"
    atomic.write(target, header + text)
    before, after = dict(_leaves(old)), dict(_leaves(params))
    keys = [key for key in {**before, **after} if before.get(key) != after.get(key)]
    return [f"{key}: {before.get(key, 'absent')} -> {after.get(key, 'absent')}" for key in keys]


def _leaves(tree: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in tree.items():
        if isinstance(value, dict) and value:
            yield from _leaves(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value

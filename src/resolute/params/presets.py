"""Presets: short files in `workflow/presets/` that `params.yaml` is written from."""

import sys
from collections.abc import Collection
from dataclasses import MISSING, fields
from itertools import count
from pathlib import Path
from typing import Any

from resolute.core import atomic, layout
from resolute.core.choices import Choice
from resolute.core.errors import ResoluteError, nearest
from resolute.core.layout import project_root
from resolute.core.schema import dump_yaml, read_yaml, validate
from resolute.methods.plan import Phase
from resolute.params import Params, check, figure_files, jobs, leaves, measurements, networks, route_files, sr_files

# Folders that stages of DVC depend on as a whole.
_WHOLE = ("reports/measurements", "reports/sr", "reports/routes", "reports/figures")
_SHOWN = ("comparisons", "settings", "gains")  # what a preset may leave out of its figures
_CHOICES = ("published", "trained", "counted", "timed", "onnxruntime")  # the last one may be left out


def names() -> list[str]:
    """All presets."""
    return sorted(path.stem for path in (project_root() / "workflow/presets").glob("*.yaml"))


def write(name: str, without: Collection[str] = ()) -> list[str]:
    """Write a preset to `params.yaml`, and its jobs to `workflow/jobs.yaml`.

    Measurements and figures that it does not call for are set aside in `work/`, and come back with their preset: DVC
    takes the folders that they lie in as a whole.

    Args:
        without: methods whose published weights are left out.

    Returns:
        One line per value that changed, as `key: old -> new`.
    """
    params = resolve(name)
    params["methods"]["published"] = [one for one in params["methods"]["published"] if one not in without]
    check(params, f"workflow/presets/{name}.yaml")
    target = project_root() / "params.yaml"
    old = _old(target)
    header = f"# Written by `resolute preset {name}`; the only configuration that both engines read.\n"
    atomic.write(target, header + dump_yaml(params))
    jobs.write(params)
    _set_aside({*measurements(params), *sr_files(params), *route_files(params), *figure_files(params)})
    before, after = dict(leaves(old)), dict(leaves(params))
    keys = [key for key in {**before, **after} if before.get(key) != after.get(key)]
    return [f"{key}: {before.get(key, 'absent')} -> {after.get(key, 'absent')}" for key in keys]


def _old(target: Path) -> dict[str, Any]:
    """What `params.yaml` holds; nothing where it cannot be read: then it is moved aside, and who runs this is told."""
    if not target.exists():
        return {}
    try:
        old = read_yaml(target, "it is replaced")
        if isinstance(old, dict):
            return old
        problem = f"{target} holds no settings"
    except ResoluteError as error:
        problem = str(error)
    folder = project_root() / "work/set-aside"
    folder.mkdir(parents=True, exist_ok=True)
    aside = next(path for number in count(1) if not (path := folder / f"params-{number}.yaml").exists())
    target.replace(aside)
    print(f"resolute: {problem}; it lies in {layout.relative(aside)} now", file=sys.stderr)
    return {}


def _set_aside(wanted: set[Path]) -> None:
    root = project_root()
    aside = root / "work/set-aside"
    here = [file for part in _WHOLE for file in (root / part).rglob("*") if file.is_file() and file not in wanted]
    back = [file for file in wanted if not file.exists() and (aside / file.relative_to(root)).is_file()]
    moves = [(file, aside / file.relative_to(root)) for file in here]
    for source, target in moves + [(aside / file.relative_to(root), file) for file in back]:
        atomic.rename(source, target)


def resolve(name: str) -> Params:
    """A preset as complete params.

    `all` under `methods` is every method that fits, `all_but` those of no family that it names, `and` those by name
    that are taken nevertheless; every setting of a training phase that the preset leaves out gets its default, every
    trained method its recipe: `recipes: papers` is those of the registry, each with the data set that the paper trains
    on.
    """
    if name not in names():
        raise ResoluteError(f"unknown preset '{name}': {nearest(name, names())}")
    path = project_root() / "workflow/presets" / f"{name}.yaml"
    preset = read_yaml(path)
    validate(preset, project_root() / "workflow/schemas/preset.schema.json", layout.relative(path))
    methods: dict[str, list[str]] = {}
    for choice in (name for name in _CHOICES if name in preset["methods"]):
        chosen = _chosen(preset["methods"][choice], choice, preset["scales"], methods.get("trained", []))
        where = f"{layout.relative(path)}: methods.{choice}"
        methods[choice] = networks.named(chosen, where) if choice in networks.LISTS else chosen
    given = preset.pop("recipes", {})
    networks.check_names(() if given == "papers" else given, f"{layout.relative(path)}: recipes")
    recipes = {name: _recipe(name) if given == "papers" else dict(given.get(name, {})) for name in methods["trained"]}
    figures = {**{key: {} for key in _SHOWN}, **preset["figures"]}
    return {
        "preset": name,
        **preset,
        "methods": {**preset["methods"], **methods},
        "data": _data(preset["data"], [recipe["data"] for recipe in recipes.values() if "data" in recipe]),
        "evaluate": {**preset["evaluate"], "keep": _kept(figures["comparisons"])},
        "figures": figures,
        "train": {**_phase_defaults(), **preset["train"]},
        "recipes": recipes,
    }


def _chosen(asked: Any, choice: str, scales: list[float], trained: list[str]) -> list[str]:
    """The methods that a choice names; `all` costs are without those of a network that stands there already, which is
    no method that is trained."""
    from resolute import registry

    if asked != "all" and not isinstance(asked, dict):
        return list(asked)
    left_out, added = (asked["all_but"], asked.get("and", [])) if isinstance(asked, dict) else ([], [])
    entries = [registry.entry(name) for name in registry.names()]
    families = sorted({entry.family for entry in entries})
    if unknown := sorted({*left_out} - {*families}):
        raise ResoluteError(f"methods.{choice}.all_but: unknown family '{unknown[0]}': {nearest(unknown[0], families)}")
    fitting = [entry for entry in entries if any(map(entry.serves, scales)) and entry.family not in left_out]
    if choice == "published":
        return [*(entry.name for entry in fitting if entry.published), *added]
    once = [entry for entry in fitting if choice == "trained" or not entry.like or entry.name in trained]
    return [*(entry.name for entry in once if entry.trainable), *added]


def _recipe(method: str) -> dict[str, Any]:
    from resolute import registry

    entry = registry.entry(method)
    return {**entry.recipe, "data": entry.recipe_data} if entry.recipe_data else dict(entry.recipe)


def _data(data: dict[str, Any], of_recipes: list[str]) -> dict[str, Any]:
    """The data of a preset with all sets that hold what is trained or tested on, and the splits of each."""
    from resolute import datasets

    splits: dict[str, list[str]] = {}
    for dataset in dict.fromkeys(data["train"] + of_recipes):
        for one in (*datasets.entry(dataset).parts, dataset):
            _add(splits.setdefault(one, []), datasets.training_split(dataset))
    for dataset in data["test"]:
        _add(splits.setdefault(dataset, []), tested := datasets.test_split(dataset))
        for one in map(datasets.entry, datasets.entry(dataset).source.of):  # what it is made from
            needed = datasets.entry(dataset).split(tested).image_names()
            for name, split in one.splits.items():
                if not {*needed}.isdisjoint(split.image_names()):
                    _add(splits.setdefault(one.name, []), name)
    sets = [dataset for dataset in splits if not datasets.entry(dataset).is_union]
    return {"sets": sets, **data, "splits": {**splits, **data.get("splits", {})}}


def _kept(comparisons: dict[str, dict[str, Any]]) -> dict[str, list[str]]:
    """The images that comparisons show, by data set."""
    kept: dict[str, list[str]] = {}
    for facts in comparisons.values():
        _add(kept.setdefault(facts["dataset"], []), facts["image"])
    return kept


def _add(names: list[str], name: str) -> None:
    """Add a name where it is not there yet."""
    if name not in names:
        names.append(name)


def _phase_defaults() -> dict[str, Any]:
    defaults = {item.name: item.default for item in fields(Phase) if item.default is not MISSING}
    return {name: _as_written(value) for name, value in defaults.items()}


def _as_written(value: Any) -> Any:
    """A setting as a file has it."""
    if isinstance(value, Choice):
        return value.name
    return list(value) if isinstance(value, tuple) else value

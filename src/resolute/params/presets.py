"""Presets: short files in `workflow/presets/` that `params.yaml` is written from."""

from dataclasses import fields
from pathlib import Path
from typing import Any

from resolute.core import atomic
from resolute.core.errors import ResoluteError, nearest
from resolute.core.layout import project_root
from resolute.core.schema import read_yaml
from resolute.methods.plan import Phase
from resolute.params import Params, check, figure_files, job_key, leaves, measurements
from resolute.registry import Entry

# Folders that stages of DVC depend on as a whole.
_WHOLE = ("reports/measurements", "reports/figures")
# What a preset says about methods becomes `runs`, `evaluations` and `costs`.
_CHOICES = ("published", "trained", "counted", "timed")


def names() -> list[str]:
    """All presets."""
    return sorted(path.stem for path in (project_root() / "workflow/presets").glob("*.yaml"))


def write(name: str) -> list[str]:
    """Write a preset to `params.yaml`, whole or not at all.

    Measurements and figures that it does not call for are set aside in `work/`, and come back with their preset: DVC
    takes the folders that they lie in as a whole.

    Returns:
        One line per value that changed, as `key: old -> new`.
    """
    import yaml

    params = resolve(name)
    check(params, f"workflow/presets/{name}.yaml")
    target = project_root() / "params.yaml"
    old = read_yaml(target) or {}
    text = yaml.safe_dump(params, sort_keys=False, default_flow_style=None, width=110, allow_unicode=True)
    header = f"# Written by `resolute preset {name}`; the only configuration that both engines read.\n"
    atomic.write(target, header + text)
    _set_aside({*measurements(params), *figure_files(params)})
    before, after = dict(leaves(old)), dict(leaves(params))
    keys = [key for key in {**before, **after} if before.get(key) != after.get(key)]
    return [f"{key}: {before.get(key, 'absent')} -> {after.get(key, 'absent')}" for key in keys]


def _set_aside(wanted: set[Path]) -> None:
    root = project_root()
    aside = root / "work/set-aside"
    here = [file for part in _WHOLE for file in (root / part).rglob("*") if file.is_file() and file not in wanted]
    back = [file for file in wanted if not file.exists() and (aside / file.relative_to(root)).is_file()]
    moves = [(file, aside / file.relative_to(root)) for file in here]
    for source, target in moves + [(aside / file.relative_to(root), file) for file in back]:
        target.parent.mkdir(parents=True, exist_ok=True)
        source.replace(target)


def resolve(name: str) -> Params:
    """A preset as complete params.

    `all` under `methods` is every method that fits; methods, scales and seeds become `runs` and `costs`; every
    setting of a training phase that the preset leaves out gets its default, every trained method its `recipes`.
    """
    if name not in names():
        raise ResoluteError(f"unknown preset '{name}': {nearest(name, names())}")
    preset = read_yaml(project_root() / "workflow/presets" / f"{name}.yaml")
    methods, seeds = preset.pop("methods"), preset.pop("seeds")
    chosen = {choice: _chosen(methods[choice], choice, preset["scales"]) for choice in _CHOICES}
    timed = [entry.name for entry in chosen["timed"]]
    published = [job for entry in chosen["published"] for job in _published(entry, preset["scales"])]
    trained = [
        {
            "method": entry.name,
            "scale": scale,
            "seed": seed,
            "data": preset["data"]["train"][0],
            **_code(entry),
        }
        for entry in chosen["trained"]
        for scale in _scales(entry, preset["scales"])
        for seed in seeds
    ]
    costs = [
        {"method": entry.name, "scale": scale, "timed": entry.name in timed, **_code(entry)}
        for entry in chosen["counted"]
        for scale in _scales(entry, preset["scales"])
    ]
    given = preset.pop("recipes", {})
    runs = {
        "baseline": [job for job in published if "model" not in job],
        "published": [job for job in published if "model" in job],
        "trained": trained,
    }
    return {
        "preset": name,
        **preset,
        "data": _data(preset["data"]),
        "train": {**_phase_defaults(), **preset["train"]},
        "recipes": {entry.name: given.get(entry.name, {}) for entry in chosen["trained"]},
        "runs": {group: _keyed(jobs) for group, jobs in runs.items()},
        "evaluations": {group: _keyed(_evaluations(jobs, preset["data"]["test"])) for group, jobs in runs.items()},
        "costs": _keyed(costs),
    }


def _chosen(names: Any, choice: str, scales: list[float]) -> list[Entry]:
    from resolute import registry

    if names != "all":
        return [registry.entry(name) for name in names]
    fitting = [registry.entry(name) for name in registry.names()]
    fitting = [entry for entry in fitting if _scales(entry, scales)]
    return [entry for entry in fitting if (entry.published if choice == "published" else entry.trainable)]


def _published(entry: Entry, scales: list[float]) -> list[dict[str, Any]]:
    tag = entry.tag()
    files = entry.published[tag].files
    return [
        {"method": entry.name, "scale": scale, "tag": tag, **_code(entry)}
        for scale in _scales(entry, scales)
        if not files or scale in files
    ]


def _scales(entry: Entry, scales: list[float]) -> list[float]:
    return [scale for scale in scales if scale in entry.scales]


def _code(entry: Entry) -> dict[str, str]:
    """The files that implement a method, for DVC's dependencies."""
    return {"kind": entry.kind, "model": entry.model} if entry.model else {"kind": entry.kind}


def _data(data: dict[str, Any]) -> dict[str, Any]:
    from resolute import datasets

    sets = list(dict.fromkeys(data["train"] + data["test"]))
    splits = {}
    for dataset in sets:
        trained = [datasets.training_split(dataset)] if dataset in data["train"] else []
        tested = [datasets.test_split(dataset)] if dataset in data["test"] else []
        splits[dataset] = trained + tested
    return {"sets": sets, **data, "splits": {**splits, **data.get("splits", {})}}


def _phase_defaults() -> dict[str, Any]:
    required = {"iterations", "batch_size", "lr_patch_size"}
    return {item.name: item.default for item in fields(Phase) if item.name not in required}


def _evaluations(runs: list[dict[str, Any]], datasets: list[str]) -> list[dict[str, Any]]:
    kept = [{name: value for name, value in run.items() if name != "data"} for run in runs]
    return [{**run, "dataset": dataset} for run in kept for dataset in datasets]


def _keyed(jobs: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {job_key(job): job for job in jobs}

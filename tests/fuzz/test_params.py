"""Params, presets and registries of any content: the way from file to plan ends well or with one line."""

import copy
import json
import zlib
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml
from tests.fuzz.mutations import attack, wanted

from resolute import datasets, params, registry
from resolute.core import layout
from resolute.core.schema import dump_yaml, read_yaml
from resolute.datasets import registry as dataset_registry
from resolute.methods.plan import is_whole, make_plan
from resolute.params import jobs, presets
from resolute.published import read_spec

# Values of every kind, and the ends of ranges.
VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 2, 3, 4, 8, 4.0, 3.7, 0.5, -0.0, 1e2, 1e300, 1e-300, 2**31, 2**32, 2**63, 2**64),
    *(
        "",
        " ",
        "all",
        "auto",
        "papers",
        "4",
        "1e3",
        "on",
        "~",
        "a/b",
        "..",
        "x" * 300,
        "é☂",
        "a\nb",
        "\x1b[31m",
        "256x256",
    ),
    *([], {}, [[]], [None], [1, 1], [1, 1.0], {"": {}}, {"a": {"a": {"a": {}}}}, [{"a": 1}, "b", 2]),
    *("set5", "embedded", "div2k_train", "rlfn_tiny", "bicubic", "quick", "published", "train", "test"),
)


@pytest.fixture
def files(checkout: Path) -> dict[str, bytes]:
    """The params of every preset."""
    return {name: dump_yaml(presets.resolve(name)).encode() for name in presets.names()}


def plan(data: bytes) -> None:
    """What the Snakefile and the commands ask of `params.yaml`."""
    Path("params.yaml").write_bytes(data)
    settings = params.load()
    derived = jobs.derive(settings)
    for path in [*params.measurements(settings), *params.sr_files(settings), *params.figure_files(settings)]:
        assert all(len(part.encode()) < 240 for part in path.parts)
    for job in [job for group in derived["weights"].values() for job in group.values()]:
        made = jobs.weights_of(settings, job)
        layout.weights(made), layout.checkpoint(made), jobs.warm_start(settings, made)
        assert layout.Span.parse(str(made.span)) == made.span
    for name in settings["methods"]["trained"]:
        make_plan(settings["train"], settings["recipes"][name], name).at(0)[1].learning_rate_at(1)
    for dataset in settings["data"]["train"]:
        params.training_splits(settings, dataset)
    for facts in settings["figures"]["photographs"].values():
        layout.patch_index(facts["dataset"], facts["scale"])
    json.dumps(settings, sort_keys=True, allow_nan=False)


def attempt(files: Mapping[str, bytes], data: bytes) -> None:
    """Plan what mutated bytes say, or, as their checksum has it, a preset with a mutated structure."""
    number = zlib.crc32(data)
    plan(restructured(files, Random(number)) if number % 2 else data)


def restructured(files: Mapping[str, bytes], random: Random) -> bytes:
    """Params with one to three of their values or keys changed, removed, swapped or moved."""
    tree = yaml.load(files[random.choice(sorted(files))], yaml.CSafeLoader)
    for _ in range(random.choice((1, 1, 2, 3))):
        holders = [value for value in values(tree) if isinstance(value, dict | list) and value]
        if not holders:
            break
        holder, others = random.choice(holders), list(values(tree))
        places = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
        place = random.choice(places)
        new = copy.deepcopy(random.choice(VALUES) if random.random() < 0.7 else random.choice(others))
        match random.randrange(4):
            case 0:
                del holder[place]
            case 1 if isinstance(holder, dict):
                name = random.choice([value for value in VALUES if not isinstance(value, dict | list)])
                holder[name] = holder.pop(place)
            case 2 if isinstance(holder, list):
                holder.append(new)
            case _:
                holder[place] = new
    return yaml.dump(tree, Dumper=yaml.CSafeDumper, allow_unicode=True).encode()


def values(tree: Any) -> Iterator[Any]:
    """A value and all that it holds."""
    yield tree
    for item in tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ():
        yield from values(item)


def resolve(data: bytes) -> None:
    """What `resolute preset` asks of a preset's file."""
    Path("workflow/presets/own.yaml").write_bytes(data)
    settings = presets.resolve("own")
    params.check(settings, "own")
    assert read_yaml(written("params.yaml", dump_yaml(settings))) == settings


def register(data: bytes) -> None:
    """What all commands ask of a method's entry."""
    written("registry/own.yaml", data)
    registry.names.cache_clear()
    registry.entry.cache_clear()
    entry = registry.entry("own")
    assert all(isinstance(name, str) for name in (*entry.settings, *entry.experts))
    is_whole(entry.recipe)
    for scale in entry.scales:
        entry.has_weights("published", scale)


def collect(data: bytes) -> None:
    """What all commands ask of a data set's entry."""
    written("registry/own.yaml", data)
    dataset_registry.names.cache_clear()
    dataset_registry.entry.cache_clear()
    entry = datasets.entry("own")
    assert all(len(split.image_names()) in (0, split.images) for split in entry.splits.values())


def specify(data: bytes) -> None:
    """What tables and report ask of a published table's specification."""
    read_spec(written("data/published/seemore/own.yaml", data))


def written(path: str, content: str | bytes) -> Path:
    Path(path).parent.mkdir(exist_ok=True)
    Path(path).write_bytes(content.encode() if isinstance(content, str) else content)
    return Path(path).absolute()


def clean(read: Callable[[bytes], None], files: Mapping[str, bytes], count: int) -> None:
    outcomes = attack(read, files, count, memory=2**29)
    assert not outcomes.unclean, outcomes
    assert outcomes.counts["read"] and outcomes.counts["refused"]


def test_params_of_any_content_end_well_or_with_one_line(files: dict[str, bytes]) -> None:
    clean(partial(attempt, files), files, wanted(200))


@pytest.mark.attack
def test_ten_thousand_params_end_well_or_with_one_line(files: dict[str, bytes]) -> None:
    clean(partial(attempt, files), files, wanted(10_000))


def test_presets_of_any_content_end_well_or_with_one_line(checkout: Path) -> None:
    seeds = {path.name: path.read_bytes() for path in Path("workflow/presets").glob("*.yaml")}
    clean(resolve, seeds, wanted(100))


@pytest.mark.parametrize(
    ("module", "pattern", "read"),
    [(registry, "[r-s]*.yaml", register), (dataset_registry, "*.yaml", collect)],
    ids=["methods", "data sets"],
)
def test_registries_of_any_content_end_well_or_with_one_line(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, module: Any, pattern: str, read: Callable[[bytes], None]
) -> None:
    seeds = {path.name: path.read_bytes() for path in module.FOLDER.glob(pattern)}
    written("registry/schema.json", (module.FOLDER / "schema.json").read_bytes())
    monkeypatch.setattr(module, "FOLDER", checkout / "registry")
    clean(read, seeds, wanted(150))


def test_specifications_of_any_content_end_well_or_with_one_line(checkout: Path) -> None:
    files = Path("data/published").glob("*/table*.yaml")
    clean(specify, {path.name: path.read_bytes() for path in files}, wanted(150))

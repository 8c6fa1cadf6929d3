"""A training is its paper's by what it did, not by what its preset is called."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from resolute import datasets, params, registry
from resolute.core import layout
from resolute.methods import weights
from resolute.methods.plan import Plan, is_whole, make_plan
from resolute.params import presets
from resolute.train import train
from resolute.train.recipe import departures

SEEMORE = registry.entry("seemore_t")
PAPERS = make_plan({}, SEEMORE.recipe, "seemore_t")
RUN = layout.Weights("seemore_t", layout.Span.at(2), "mine-seed0")
WHOLE = [name for name in registry.names() if is_whole(registry.entry(name).recipe)]


@pytest.fixture
def one_set(monkeypatch: pytest.MonkeyPatch) -> str:
    """A registry whose SeemoRe-T was trained on one data set, which is what `train` takes."""
    entry = replace(SEEMORE, recipe_data="div2k_train")
    monkeypatch.setattr(registry, "entry", {"seemore_t": entry}.__getitem__)
    return "div2k_train"


@pytest.mark.parametrize("name", WHOLE)
def test_a_whole_recipe_is_a_plan_on_known_data(name: str) -> None:
    entry = registry.entry(name)
    assert make_plan({}, entry.recipe, name).iterations > 0
    assert not entry.recipe_data or datasets.training_split(entry.recipe_data)


def test_the_preset_paper_trains_as_the_papers_say(checkout: Path) -> None:
    settings = presets.resolve("paper")
    trained_on = {name: params.training_set(settings, name) for name in settings["methods"]["trained"]}
    assert (trained_on["seemore_t"], trained_on["imdn"], trained_on["rfdn_tiny"]) == ("df2k", *2 * ("div2k_train",))
    plan = make_plan(settings["train"], settings["recipes"]["seemore_t"], "seemore_t")
    assert departures(RUN, plan, trained_on["seemore_t"]) == []
    assert departures(RUN, plan, "div2k_train") == ["training data"]


@pytest.mark.parametrize(
    ("changed", "dataset", "expected"),
    [
        ({}, "div2k_train", []),
        ({"iterations": 499_999}, "div2k_train", ["settings"]),
        ({"ema": 0.999}, "div2k_train", ["settings"]),
        ({}, "embedded", ["training data"]),
        ({"iterations": 400}, "embedded", ["settings", "training data"]),
    ],
)
def test_each_part_departs_for_itself(
    one_set: str, changed: dict[str, float], dataset: str, expected: list[str]
) -> None:
    plan = make_plan({}, {**SEEMORE.recipe, **changed}, "seemore_t")
    assert departures(RUN, plan, dataset) == expected


def test_what_the_registry_does_not_state_departs() -> None:
    partial = {"rlfn_team04", "frfdn_team25", "arfdn_team14"}  # without steps, patch size, steps
    assert not partial & set(WHOLE)
    assert all(registry.entry(name).recipe for name in partial)
    plan = make_plan({}, SEEMORE.recipe, "rlfn_tiny")
    rlfn = layout.Weights("rlfn_tiny", layout.Span.at(4), "paper-seed0")
    assert departures(rlfn, plan, "div2k_train") == ["settings", "training data"]
    assert departures(replace(RUN, method="seemore_b"), PAPERS, "div2k_train") == ["training data"]


def test_a_warm_start_is_of_the_scale_before_and_hands_on_what_departs(one_set: str, project: Path) -> None:
    def start(scale: float, facts: dict[str, object]) -> None:
        weights.save_weights(layout.weights(replace(RUN, span=layout.Span.at(scale))), {"a": torch.zeros(1)}, facts)

    def of(warm_start: str) -> list[str]:
        return departures(replace(RUN, span=layout.Span.at(4)), Plan(PAPERS.phases, warm_start), one_set)

    start(2, {"departures": []})
    assert of("") == ["settings"]
    assert of("x2/mine-seed0") == ["settings"]
    start(3, {"departures": []})
    assert of("x3/mine-seed0") == []
    start(3, {"departures": ["training data"]})
    assert of("x3/mine-seed0") == ["training data"]
    start(3, {})
    assert of("x3/mine-seed0") == ["settings", "training data"]


def test_the_weights_carry_it(packed: Path) -> None:
    plan = make_plan({"iterations": 1, "batch_size": 1, "lr_patch_size": 16}, {}, "rlfn_tiny")
    settings = {"devices": 1, "precision": "32-true", "threads": 1}
    path = train(layout.Weights("rlfn_tiny", layout.Span.at(4), "paper-seed0"), 0, plan, "embedded", settings, 5)
    assert weights.read_provenance(path)["departures"] == ["settings", "training data"]

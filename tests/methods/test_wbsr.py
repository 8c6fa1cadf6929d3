"""WBSR: its rules against those of the paper as the sheet has computed them, its classes, and what bad input says."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from resolute import datasets, methods, registry
from resolute.core import layout
from resolute.core.errors import ResoluteError
from resolute.degrade import degrade
from resolute.fetch import fetch_dataset
from resolute.images.gradients import gradient_magnitude, gradient_score
from resolute.images.pack import Columns, Pack, PackedImage
from resolute.methods import weights
from resolute.methods.plan import make_plan
from resolute.methods.wbsr.projection import by_budget, by_difficulty, classes, evenly
from resolute.methods.wbsr.supernet import released, subnets_of
from resolute.patches import make_patches, pack_hr
from resolute.train import train

ENTRY = registry.entry("wbsr_srresnet")
ALL = np.arange(1, 11)
# G per patch of 32x32 at x4, twice the multiply-adds: counted here, see tests/methods/test_subnets.py
COSTS = np.array([1.085, 1.276, 1.658, 2.242, 2.641, 3.382, 3.438, 3.986, 5.194])


def test_the_rules_are_the_papers() -> None:
    assert (evenly(ALL, 10, 9) + 1).tolist() == [1, 2, 3, 4, 5, 6, 7, 8, 9, 9]
    # As printed, with alpha 1 and a budget of 3 G, the hardest class gets the fifth subnet and the easiest the ninth.
    assert (by_budget(ALL, 10, COSTS, 1.0, 3.0) + 1).tolist() == [9, 9, 9, 9, 9, 9, 8, 8, 6, 5]


def test_the_repaired_rule_spends_more_on_what_is_harder_and_as_alpha_grows() -> None:
    chosen = np.stack([by_difficulty(ALL, 10, COSTS, alpha) for alpha in (0.5, 1.0, 1.3)])
    assert (np.diff(chosen, axis=0) >= 0).all() and (np.diff(chosen, axis=1) >= 0).all()
    assert (chosen[:, -1] + 1).tolist() == [5, 9, 9]


@pytest.mark.parametrize(
    ("name", "hes", "shares"),
    [
        ("wbsr_tiny_k2", {"delta": 1e-9}, {25: 1, 37: 0.52}),
        ("wbsr_tiny_k5", {"delta": 1e-9}, {40: 1, 45: 0.5}),
        ("wbsr_tiny_k2", {"thresholds": "equal_width", "delta": 1}, {35: 0.7}),
    ],
)
def test_hes_draws_from_as_many_categories_as_there_are_classes(
    name: str, hes: dict[str, object], shares: dict[int, float]
) -> None:
    """Of patches whose colour is their place, and the square of that their difficulty: the shares from a place on."""
    lr, hr = PackedImage("a", "", 8, 400, 0), PackedImage("a", "", 32, 1600, 0)
    pixels = np.tile(np.repeat(np.arange(50, dtype=np.uint8), 8 * 3), 8)
    places, one = np.arange(50), np.ones(50, int)
    scores = {"difficulty": places**2.0, "category": one, "category_equal_width": one}
    pack = Pack(
        4,
        pixels,
        np.zeros(hr.end, np.uint8),
        [lr],
        [hr],
        Columns(scores, image=0 * one, row=0 * one, column=8 * places),
        8,
    )
    settings = {"iterations": 1, "batch_size": 400, "lr_patch_size": 8, "sampler": {"hes": hes}}
    entry, plan = registry.entry(name), make_plan(settings, {}, name)
    learner = methods.training(entry).learner(entry, entry.span(4), plan)
    drawn = learner.draw(pack, plan.phases[0], np.random.default_rng(0), slice(None)).lr[:, 0, 0, 0].numpy()
    assert {place: np.mean(drawn >= place) for place in shares} == pytest.approx(shares, abs=0.06)


@pytest.mark.parametrize("options", [{}, {"classes": 1}, {"classes": 10, "delta": 1}])
def test_a_number_of_classes_that_cannot_be_is_one_line(options: dict[str, object]) -> None:
    with pytest.raises(ResoluteError, match=r"^wbsr_srresnet: options is \{classes: K\}, .* 2 or more$"):
        released(replace(ENTRY, options=options), 4)


def test_classes_end_at_their_thresholds() -> None:
    thresholds = np.arange(1.0, 10.0)
    assert classes(np.array([0.5, 1.0, 1.1, 9.0, 9.1, 300]), thresholds).tolist() == [1, 1, 2, 9, 10, 10]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["wbsr_srresnet", "wbsr_rcan"])
def test_the_entrys_experts_are_its_subnets_the_cheapest_first(name: str) -> None:
    entry = registry.entry(name)
    assert tuple(subnet.name for subnet in subnets_of(entry, 4)) == entry.experts


def test_a_patch_is_scored_by_itself() -> None:
    patches = np.random.default_rng(0).integers(0, 256, (3, 8, 8, 3), dtype=np.uint8)
    alone = [gradient_magnitude(patch) for patch in patches]
    np.testing.assert_allclose(gradient_score(patches), [one.mean() + one.std() for one in alone])


@pytest.mark.slow
def test_a_subnet_throughout_is_that_subnet_cut_out(tmp_path: Path) -> None:
    torch.manual_seed(0)
    supernet = released(ENTRY, 4)
    path = tmp_path / "w.safetensors"
    weights.save_weights(path, supernet.state_dict(), {})
    lr = np.random.default_rng(1).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    found = methods.inference(ENTRY).upscaler(ENTRY, 4, path, "cpu", "w36d4")(lr)
    small = subnets_of(ENTRY, 4)[0]
    with torch.no_grad():
        expected = small.cut(supernet.full).eval()(torch.from_numpy(lr).permute(2, 0, 1)[None] / 255)
    assert np.abs(found.sr - (expected[0].permute(1, 2, 0) * 255).clamp(0, 255).round().numpy()).max() <= 1
    assert found.macs == small.macs(32, 32)
    assert found.chosen == {"patches": {"w36d4": 1}}


@pytest.mark.slow
def test_thresholds_are_deciles_of_the_training_patches_and_travel_with_the_weights(checkout: Path) -> None:
    split = datasets.training_split("embedded")
    fetch_dataset("embedded", [4.0], [split])
    degrade("embedded", 4.0)
    pack_hr("embedded", [split])
    make_patches("embedded", 4.0, lr_size=24, lr_stride=24, categories=4)
    plan = make_plan({"iterations": 2, "batch_size": 1, "lr_patch_size": 16, "learning_rate": 1e-4}, {}, ENTRY.name)
    wanted = layout.Weights(ENTRY.name, layout.Span.at(4), "own-seed0")
    state = weights.read_state(
        train(wanted, 0, plan, "embedded", {"devices": 1, "precision": "32-true", "threads": 1}, 9)
    )
    thresholds = state["thresholds"].numpy()
    assert (np.diff(thresholds) > 0).all()
    methods.upscaler(ENTRY.name, 4, layout.weights(wanted), "cpu")


@pytest.mark.slow
@pytest.mark.parametrize("setting", ["alpha", "eq17", "w37d4", "budget-1"])
def test_a_setting_that_cannot_be_is_one_line(setting: str) -> None:
    with pytest.raises(ResoluteError, match=f"wbsr_srresnet has no setting '{setting}': give alpha or budget"):
        methods.inference(ENTRY).upscaler(ENTRY, 4, None, "cpu", setting)

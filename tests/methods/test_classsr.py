"""ClassSR: the official classifier, mixture and losses, its costs, its phases, and what bad input says."""

import re
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tests.methods.test_contract import pack, plan
from tests.models.test_backbones import KEYS
from torch import Tensor

from resolute import methods, registry
from resolute.core.errors import ResoluteError
from resolute.core.layout import Span
from resolute.fetch import key_maps
from resolute.methods import weights
from resolute.methods.classsr.branches import Classifier, ClassSR, branch
from resolute.methods.classsr.inference import classified, upscaler
from resolute.methods.classsr.training import average_loss, class_loss, learner
from resolute.methods.plan import Phase, make_plan
from resolute.metrics.counters import count_macs
from resolute.models import create_model
from resolute.train.draws import Draws

GOLDEN = Path(__file__).parents[1] / "data/golden/classsr.npz"
TINY, FULL = registry.entry("classsr_tiny"), registry.entry("classsr_srresnet")

# Absolute: ten times what float32 leaves open in the official network, whose random logits reach 30 and more.
TOLERANCE = 5e-4
LOSS_TOLERANCE = 1e-6

# Multiply-adds of the classifier on 32x32: a convolution of 4x4, three of 1x1, one to 32 channels, and a linear layer.
CLASSIFIER_MACS = 64 * (3 * 16 * 128 + 3 * 128 * 128 + 128 * 32) + 32 * 3
# GFLOPs (twice the multiply-adds) of a patch of 32x32 by each branch, as the paper prints them: not all are rounded to
# the nearest hundredth.
FLOPS = {"classsr_srresnet": [1.66, 3.44, 5.20], "classsr_rcan": [10.33, 19.90, 32.60]}


@cache
def golden() -> dict[str, np.ndarray]:
    return dict(np.load(GOLDEN))


@cache
def official() -> ClassSR:
    """A network of three tiny branches with the official random weights."""
    network = ClassSR([create_model("srresnet", 4, width=width, blocks=1) for width in (6, 8, 12)], 1)
    state: dict[str, Tensor] = {}
    for number in range(3):
        prefix = f"state/net{number + 1}."
        own = {key.removeprefix(prefix): torch.from_numpy(golden()[key]) for key in golden() if key.startswith(prefix)}
        renamed = key_maps.rename(own, registry.Published(source="", licence="", keys=KEYS["srresnet"]))
        state |= {f"branches.{number}.{key}": tensor for key, tensor in renamed.items()}
    for key in golden():
        layer = re.fullmatch(r"state/classifier\.(?:CondNet\.(\d+)|lastOut)\.(weight|bias)", key)
        if layer:
            place = f"features.{layer[1]}" if layer[1] else "last"
            state[f"classifier.{place}.{layer[2]}"] = torch.from_numpy(golden()[key])
    weights.load_state(network, state, "golden")
    return network.eval()


def patches(count: int = 8) -> Tensor:
    return torch.from_numpy(golden()["patches"][:count]).permute(0, 3, 1, 2) / 255


def window(sr: Tensor) -> np.ndarray:
    """The part of SR patches that the official file has, every second row and column."""
    top, bottom, left, right = golden()["window"]
    return sr[:, :, top:bottom:2, left:right:2].numpy()


def test_the_classifier_is_the_official_one() -> None:
    with torch.inference_mode():
        logits = official().classify(patches())
    assert logits.numpy() == pytest.approx(golden()["logits"], abs=TOLERANCE)
    assert classified(official(), "cpu")(golden()["patches"]).tolist() == [2, 0, 2, 1, 2, 0, 1, 2]


def test_the_mixture_that_is_trained_is_the_official_one() -> None:
    with torch.inference_mode():
        sr, chances = official().mixed(patches(5))
    assert chances.numpy() == pytest.approx(golden()["chances"][:5], abs=TOLERANCE)
    assert window(sr) == pytest.approx(golden()["mixed"], abs=TOLERANCE)


def test_the_branch_of_the_likeliest_class_is_the_official_one() -> None:
    chosen = classified(official(), "cpu")(golden()["patches"][:5])
    with torch.inference_mode():
        sr = torch.cat(
            [official().branches[number](patch[None]) for number, patch in zip(chosen, patches(5), strict=True)]
        )
    assert window(sr) == pytest.approx(golden()["chosen"], abs=TOLERANCE)


def test_the_losses_are_the_official_ones() -> None:
    chances = torch.from_numpy(golden()["loss_chances"])
    assert class_loss(chances).item() == pytest.approx(golden()["class_loss"].item(), abs=LOSS_TOLERANCE)
    assert average_loss(chances).item() == pytest.approx(golden()["average_loss"].item(), abs=LOSS_TOLERANCE)


@pytest.mark.parametrize("classes", [2, 3, 5])
def test_the_losses_are_least_where_all_classes_are_sure_and_equally_full(classes: int) -> None:
    sure, undecided = torch.eye(classes).repeat(4, 1), torch.full((6, classes), 1 / classes)
    one = torch.eye(classes)[:1].repeat(6, 1)
    found = [(class_loss(chances).item(), average_loss(chances).item()) for chances in (sure, undecided, one)]
    expected = [(0, 0), (classes - 1, 0), (0, 1)]
    assert np.array(found) == pytest.approx(np.array(expected), abs=LOSS_TOLERANCE)


def test_the_classifier_has_the_papers_size() -> None:
    assert sum(parameter.numel() for parameter in Classifier(3).parameters()) == 60_035
    assert count_macs(lambda: Classifier(3), 32, 32) == CLASSIFIER_MACS == 3_801_184


@pytest.mark.parametrize("name", FLOPS)
def test_the_branches_cost_what_the_paper_prints(name: str) -> None:
    entry = registry.entry(name)
    macs = [count_macs(partial(branch, entry, 4, expert), 32, 32) for expert in entry.experts]
    assert [2e-9 * one for one in macs] == pytest.approx(FLOPS[name], abs=0.01)


def test_multiply_adds_are_those_of_the_branches_and_of_the_classifier() -> None:
    lr = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)
    branches = [count_macs(partial(branch, TINY, 4, expert), 32, 32) for expert in TINY.experts]
    fixed = upscaler(TINY, 4, None, "cpu", "w9")(lr)
    assert (fixed.macs, fixed.full_macs) == (4 * branches[0], 4 * branches[2])
    found = upscaler(TINY, 4, None, "cpu", "classes")(lr)
    assert found.chosen["patches"].keys() <= {"w9", "w13", "w16"}
    spent = sum(
        times * branches[TINY.experts.index(name)] for place in found.chosen.values() for name, times in place.items()
    )
    assert found.macs == spent + 4 * CLASSIFIER_MACS
    assert found.full_macs == 4 * (branches[2] + CLASSIFIER_MACS)
    assert count_macs(lambda: methods.build("classsr_tiny", 4), 32, 32) == branches[2] + CLASSIFIER_MACS
    assert count_macs(lambda: methods.cheapest("classsr_tiny", 4), 32, 32) == branches[0] + CLASSIFIER_MACS


def test_every_patch_takes_the_branch_of_its_class() -> None:
    """Of a classifier that finds dark patches easy and bright ones hard."""
    network = ClassSR([create_model("srresnet", 4, width=width, blocks=1) for width in (6, 8, 12)], 1)
    for parameter in network.classifier.parameters():
        torch.nn.init.zeros_(parameter)
    layers: Any = network.classifier.features
    layers[0].weight.data[0] = 1 / 48
    for number in (2, 4, 6, 8):
        layers[number].weight.data[0, 0] = 1
    network.classifier.last.weight.data[:, 0] = torch.tensor([0.0, 1, 3])
    network.classifier.last.bias.data[:] = torch.tensor([0.0, -0.3, -1.6])
    levels = np.array([0, 50, 100, 150, 200, 255], np.uint8)  # classes end at 0.3 and 0.65 of the range
    found = classified(network, "cpu")(np.tile(levels[:, None, None, None], (1, 32, 32, 3)))
    assert found.tolist() == [0, 0, 1, 1, 2, 2]


def phase(*trains: str) -> Phase:
    return make_plan(
        {"iterations": 1, "batch_size": 4, "lr_patch_size": 16, "learning_rate": 1e-3}, {"trains": list(trains)}, ""
    ).phases[0]


def test_a_phase_of_one_branch_scores_that_branch_and_any_other_the_mixture() -> None:
    torch.manual_seed(0)
    made = learner(TINY, Span.at(4), plan(TINY))
    batch = Draws(made, pack(Span.at(4)), plan(TINY), seed=3).at(0)
    lr, hr = batch.as_images(1)
    for number in range(3):
        made.zero_grad()
        terms = made(batch, phase(f"network.branches.{number}"))
        assert terms.keys() == {"l1"}
        assert terms["l1"].item() == pytest.approx((made.network.branches[number](lr) - hr).abs().mean().item())
        terms["l1"].backward()
        reached = {name.split(".")[2] for name, one in made.named_parameters() if one.grad is not None}
        assert reached == {str(number)}
    for one in (phase("network.classifier"), phase()):
        terms = made(batch, one)
        sr, chances = made.network.mixed(lr)
        assert terms["l1"].item() == pytest.approx(1000 * (sr - hr).abs().mean().item())
        assert terms["class"].item() == pytest.approx(0.5 * class_loss(chances).item())
        assert terms["average"].item() == pytest.approx(3 * average_loss(chances).item())


def test_levels_weigh_as_in_the_authors_code() -> None:
    """4 times the mean error in levels of 0..255."""
    rcan = registry.entry("classsr_rcan")
    made = methods.training(rcan).learner(rcan, Span.at(4), plan(rcan))
    made.network = ClassSR([create_model("srresnet", 4, width=4, blocks=1) for _ in range(3)], 255)
    batch = Draws(made, pack(Span.at(4)), plan(rcan), seed=3).at(0)
    lr, hr = batch.as_images(255)
    expected = 4 * (made.network.mixed(lr)[0] - hr).abs().mean().item()
    assert made(batch, phase())["l1"].item() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("setting", ["", "class", "w37", "w16d8"])
def test_a_setting_that_cannot_be_is_one_line(setting: str) -> None:
    with pytest.raises(
        ResoluteError, match=f"classsr_srresnet has no setting '{setting}': give classes, or one of w36"
    ):
        upscaler(FULL, 4, None, "cpu", setting)


def test_weights_of_another_network_and_small_images_are_one_line(tmp_path: Path) -> None:
    path = tmp_path / "other.safetensors"
    weights.save_weights(path, methods.build("wbsr_tiny", 4).state_dict(), {})
    with pytest.raises(ResoluteError, match=r"other\.safetensors: tensor .* these are not the weights of this network"):
        upscaler(TINY, 4, path, "cpu", "classes")
    with pytest.raises(ResoluteError, match="the image is 40x31, but classsr_tiny needs sides of at least 32 pixels"):
        upscaler(TINY, 4, None, "cpu", "classes")(np.zeros((31, 40, 3), np.uint8))


def test_an_expert_that_is_no_width_is_one_line() -> None:
    with pytest.raises(ResoluteError, match=r"the experts of classsr_tiny must be called w<width>, such as w36"):
        branch(TINY, 4, "w9d2")

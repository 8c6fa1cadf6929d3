"""SeemoRe against the official network in function and in cost, and what routing must keep."""

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from resolute import methods
from resolute.fetch import key_maps
from resolute.inference.prepare import prepare
from resolute.methods import weights
from resolute.methods.losses import LOSSES
from resolute.metrics.counters import count
from resolute.models import create_model
from resolute.models.blocks.experts import Router, routed
from resolute.profile import profile
from resolute.registry import Published

DATA = Path(__file__).parents[1] / "data"

# Of the range of the output. The official network differs from itself by 5e-7 of it between training and inference.
GOLDEN_TOLERANCE = 1e-5
# Of the range of the output: a convolution adds up in another order where the batch is another.
BATCH_TOLERANCE = 1e-6
LOSS_TOLERANCE = 1e-5  # relative; float32 sums of 90,000 terms

STRIDE = 5  # of the pixels that the golden files keep; coprime with every scale

# From the official parameter names to ours.
KEYS = (
    (r"^conv_1\.", "head."),
    (r"^norm\.", "trunk.0."),
    (r"^conv_2\.", "trunk.1."),
    (r"^upsampler\.0\.", "tail.conv."),
    (r"\.local_block\.norm_(\d)\.", ".{1-1}.0."),
    (r"\.global_block\.norm_(\d)\.", ".{1+1}.0."),
    (r"\.local_block\.ffn\.", ".1.1."),
    (r"\.global_block\.ffn\.", ".3.1."),
    (r"\.fn_1\.", ".embed."),
    (r"\.fn_2\.", ".project."),
    (r"\.global_block\.block\.", ".2.1."),
    (r"\.to_qv\.", ".embed."),
    (r"\.attn\.conv\.", ".attention."),
    (r"\.local_block\.block\.", ".0.1."),
    (r"\.agg_conv\.0\.", ".context.shrink."),
    (r"\.conv_2\.0\.conv\.", ".local.0."),
    (r"\.conv\.(\d)\.", ".context.mix.{1}."),
    (r"\.moe_layer\.gate\.body\.2\.", ".mixture.router.linear."),
    (r"\.moe_layer\.(experts\.\d)\.conv_1\.", ".mixture.{1}.squeeze_a."),
    (r"\.moe_layer\.(experts\.\d)\.conv_2\.", ".mixture.{1}.squeeze_b."),
    (r"\.moe_layer\.(experts\.\d)\.conv_3\.", ".mixture.{1}.expand."),
    (r"\.conv_1\.", ".embed."),
    (r"\.proj\.", ".project."),
)
L_LIKE: dict[str, Any] = {"groups": 2, "width": 16, "shuffle": False, "pyramid": 1}

# The official networks, counted (tests/data/README.md).
with (DATA / "tables/seemore_complexity.csv").open(newline="") as file:
    COMPLEXITY = list(csv.DictReader(file))


def golden(name: str) -> dict[str, np.ndarray]:
    return dict(np.load(DATA / "golden" / f"{name}.npz"))


def official(name: str, scale: int = 4, tail: dict[str, np.ndarray] | None = None, **arguments: Any) -> nn.Module:
    """Our network with the official weights of a file, the last layer's replaced where they are given."""
    state = weights.read_checkpoint(DATA / "weights" / f"{name}.pt")
    state |= {key: torch.from_numpy(array) for key, array in (tail or {}).items()}
    network = create_model("seemore", scale, **arguments)
    weights.load_state(network, key_maps.rename(state, Published(source="", licence="", keys=KEYS)), name)
    return network.eval()


def images(count: int) -> Tensor:
    return torch.from_numpy(np.random.default_rng(20224).random((count, 3, 48, 40)).astype(np.float32))


def error(output: Tensor, expected: np.ndarray) -> float:
    """The largest difference, of the range of what is expected."""
    return float(np.abs(output[..., ::STRIDE, ::STRIDE].numpy() - expected).max() / np.ptp(expected))


def choices(network: nn.Module, lr: Tensor) -> tuple[Tensor, list[list[int]]]:
    """The output, and for every group the expert that each image takes."""
    chosen: list[list[int]] = []
    routers = [module for module in network.modules() if isinstance(module, Router)]
    hooks = [router.register_forward_hook(lambda _, __, found: chosen.append(found[1].tolist())) for router in routers]
    with torch.inference_mode():
        sr = network(lr)
    for hook in hooks:
        hook.remove()
    return sr, chosen


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_fresh_official_weights_give_the_official_output_and_choices(scale: int) -> None:
    expected = golden(f"seemore_t_x{scale}_seed0")
    output = expected.pop("output")
    sr, chosen = choices(official("seemore_t_x4_seed0", scale, expected), images(1))
    assert error(sr, output) < GOLDEN_TOLERANCE
    assert chosen == [[2], [2], [2], [0], [2], [2]]


def test_perturbed_weights_give_the_official_output_in_inference_and_training() -> None:
    expected, network = golden("seemore_t_x4_perturbed"), official("seemore_t_x4_perturbed")
    sr, chosen = choices(network, images(1))
    assert error(sr, expected["output"]) < GOLDEN_TOLERANCE
    assert chosen == [[2], [2], [2], [1], [2], [1]]
    sr, _ = choices(network.train(), images(2))
    assert error(sr, expected["training"]) < GOLDEN_TOLERANCE


def test_the_form_of_the_large_network_gives_the_official_output() -> None:
    with torch.inference_mode():
        sr = official("seemore_l_like_small", **L_LIKE)(images(1))
    assert error(sr, golden("seemore_l_like_small")["output"]) < GOLDEN_TOLERANCE


@pytest.fixture
def undecided() -> nn.Module:
    """A network whose routers send images of noise different ways."""
    torch.manual_seed(0)
    network = create_model("seemore", 2, groups=3, width=12)
    for router in (module for module in network.modules() if isinstance(module, Router)):
        nn.init.normal_(router.linear.weight, std=10)
    return network.eval()


def varied() -> Tensor:
    """Four images of different brightness and contrast."""
    contrast, brightness = torch.tensor([[1, 0.3, 0.6, 0.1], [0, 0.7, 0, 0.2]])[:, :, None, None, None]
    return images(4) * contrast + brightness


def test_a_batch_gives_what_its_images_give_one_by_one(undecided: nn.Module) -> None:
    together, chosen = choices(undecided, varied())
    assert any(len(set(group)) > 1 for group in chosen), "all images take the same way: nothing is shown"
    for number, lr in enumerate(varied().split(1)):
        alone, own = choices(undecided, lr)
        assert [group[0] for group in own] == [group[number] for group in chosen]
        assert (together[number] - alone[0]).abs().max() < BATCH_TOLERANCE * np.ptp(alone.numpy())


def test_training_and_inference_are_one_function(undecided: nn.Module) -> None:
    inferred, _ = choices(undecided, varied())
    trained, _ = choices(undecided.train(), varied())
    assert (trained - inferred).abs().max() < GOLDEN_TOLERANCE * np.ptp(inferred.numpy())


def test_only_the_chosen_expert_runs_in_inference_and_only_its_gate_learns(undecided: nn.Module) -> None:
    ran: list[int] = []
    layer = next(routed(undecided))
    for number, expert in enumerate(layer.experts):
        expert.register_forward_hook(lambda *_, number=number: ran.append(number))
    _, chosen = choices(undecided, varied()[:1])
    assert ran == chosen[0]
    undecided.train()(varied()[:1]).sum().backward()
    for number, expert in enumerate(layer.experts):
        moved = any(bool(parameter.grad.any()) for parameter in expert.parameters() if parameter.grad is not None)
        assert moved == (number == chosen[0][0])
    assert layer.router.linear.weight.grad is not None
    assert bool(layer.router.linear.weight.grad.any())


def test_preparation_for_speed_keeps_the_routing_free(undecided: nn.Module) -> None:
    """A traced network would send every image the way of the first."""
    prepared = prepare(undecided, "cpu")
    ways = set()
    for lr in varied().split(1):
        expected, chosen = choices(undecided, lr)
        with torch.inference_mode():
            sr = prepared(lr.contiguous(memory_format=torch.channels_last))
        assert (sr - expected).abs().max() < GOLDEN_TOLERANCE * np.ptp(expected.numpy())
        ways.add(tuple(group[0] for group in chosen))
    assert len(ways) > 1


@pytest.mark.slow
@pytest.mark.parametrize("row", COMPLEXITY, ids=lambda row: f"{row['method']}-x{row['scale']}-{row['lr_size']}")
def test_parameters_to_the_digit_and_the_range_of_multiply_adds(row: dict[str, str]) -> None:
    width, height = map(int, row["lr_size"].split("x"))
    found = profile(row["method"], int(row["scale"]), (width, height), timed=False)
    assert found["params"] == int(row["params"])
    for macs, column in ((found["macs_lowest"], "gmacs_rank2"), (found["macs"], "gmacs_rank8")):
        assert round(macs / 1e9, 3) == pytest.approx(float(row[column]), abs=1e-9)


def test_multiply_adds_are_linear_in_the_ranks() -> None:
    """What the mean over images rests on."""
    row = next(row for row in COMPLEXITY if row["method"] == "seemore_t" and row["scale"] == "4")

    def build() -> nn.Module:
        network = create_model("seemore", 4)
        for layer in routed(network):
            layer.assumed = 1
        return network

    counts = count(build, 180, 320)
    assert round(counts.macs / 1e9, 3) == float(row["gmacs_rank4"])
    highest = count(lambda: create_model("seemore", 4), 180, 320).macs
    lowest = count(lambda: methods.cheapest("seemore_t", 4), 180, 320).macs
    assert counts.macs == lowest + (highest - lowest) * (4 - 2) // (8 - 2)


def test_the_loss_is_the_official_one() -> None:
    generator = np.random.default_rng(20225)
    hr = torch.from_numpy(generator.random((1, 3, 192, 160)).astype(np.float32))
    with torch.inference_mode():
        sr = official("seemore_t_x4_perturbed")(images(1))
    # The official figures: L1 alone, and with 0.1 times the loss of the Fourier coefficients, 62.3185234.
    assert LOSSES["l1"](sr, hr).item() == pytest.approx(1.0727652311325073, rel=LOSS_TOLERANCE)
    assert LOSSES["l1_fft"](sr, hr).item() == pytest.approx(7.304617881774902, rel=LOSS_TOLERANCE)

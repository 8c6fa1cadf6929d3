"""MoEISR: routing by pixel is what it says, whatever the decoder; the choice at every setting; what balances."""

from dataclasses import replace
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from resolute import methods, registry
from resolute.core.errors import ResoluteError
from resolute.inference.prepare import prepare
from resolute.methods.moeisr.balance import BALANCES
from resolute.methods.moeisr.choice import chooser
from resolute.methods.moeisr.training import Mixing
from resolute.methods.pixelwise import assuming
from resolute.metrics.counters import count, count_macs
from resolute.models import create_model
from resolute.models.blocks.pixel_routing import PixelRouting

EXPERTS = [[24], [24, 24], [24, 24, 24]]
DECODERS: dict[str, dict[str, Any]] = {
    "liif": {"experts": EXPERTS},
    "lte": {"waves": 16, "experts": EXPERTS},
}
ENCODER = {"edsr": {"width": 8, "blocks": 1}}
COSTS = (1.0, 2.0, 4.0)


def routed(decoder: str, scale: float, **arguments: Any) -> PixelRouting:
    torch.manual_seed(0)
    chosen = {decoder: {**DECODERS[decoder], **arguments}}
    network = create_model("moeisr", scale, encoder=ENCODER, decoder=chosen, mapper=2)
    assert isinstance(network, PixelRouting)
    mapper: Any = network.mapper
    for parameter in mapper.parameters():  # choices that vary over an image of noise
        parameter.data.mul_(5)
    return network.eval()


def always(number: int, logits: Tensor) -> Tensor:
    return torch.full((len(logits),), number)


def lr(batch: int = 1) -> Tensor:
    return torch.from_numpy(np.random.default_rng(0).random((batch, 3, 14, 11), dtype=np.float32))


class Mapper(nn.Module):
    """The mapper alone, on features of 64 channels."""

    def __init__(self, arguments: dict[str, Any]) -> None:
        super().__init__()
        self.mapper: Any = create_model("moeisr", 4, **arguments).mapper

    def forward(self, lr: Tensor) -> Tensor:
        return self.mapper(lr.new_empty(1, 64, *lr.shape[2:]))


@pytest.mark.parametrize("quick", [False, True])
@pytest.mark.parametrize("scale", [2, 3.7, 5])
@pytest.mark.parametrize("decoder", DECODERS)
@torch.inference_mode()
def test_dispatch_is_computing_all_and_choosing(decoder: str, scale: float, quick: bool) -> None:
    network = routed(decoder, scale)
    network.quick = quick
    sr = network(lr())
    routes = network.routes
    assert routes is not None
    assert len(routes.unique()) == len(EXPERTS)
    alone = []
    for number in range(len(EXPERTS)):
        network.choose = partial(always, number)
        alone.append(network(lr()))
    selected = torch.stack(alone).take_along_dim(routes[None, None, None].long(), dim=0)[0]
    torch.testing.assert_close(sr, selected, rtol=0, atol=1e-6)  # rows of a product add up in another order


@pytest.mark.parametrize("decoder", DECODERS)
@torch.inference_mode()
def test_with_one_expert_it_is_the_dense_decoder_bit_for_bit(decoder: str) -> None:
    hidden = [[24, 24]]
    routing = routed(decoder, 3.7, experts=hidden)
    options = {**DECODERS[decoder], "hidden": hidden[0], "experts": []}
    dense = create_model("arbitrary_scale", 3.7, encoder=ENCODER, decoder={decoder: options}).eval()
    kept = {name: tensor for name, tensor in routing.state_dict().items() if not name.startswith("mapper.")}
    dense.load_state_dict(kept)
    for made in (lambda network: network, lambda network: prepare(network, "cpu")):
        assert torch.equal(made(routing)(lr()), made(dense)(lr()))


@torch.inference_mode()
def test_images_of_a_batch_are_routed_by_themselves() -> None:
    network, batch = routed("liif", 2), lr(batch=2)
    together = network(batch)
    for number in range(2):
        assert torch.equal(network(batch[number : number + 1])[0], together[number])


@torch.inference_mode()
def test_queries_take_the_expert_that_the_image_takes() -> None:
    network = routed("liif", 3)
    sr = network(lr())[0].flatten(1).T
    sides = [round(side * 3) for side in lr().shape[2:]]
    axes = [(torch.arange(side) * 2 + 1) / side - 1 for side in sides]
    coord = torch.stack(torch.meshgrid(*axes, indexing="ij"), dim=-1).flatten(0, 1)
    found = network.query(lr(), coord[None], 2 / torch.tensor([sides]))
    torch.testing.assert_close(found[0], sr, rtol=0, atol=1e-5)


def test_the_mapper_costs_what_the_sheet_says() -> None:
    for convolutions, macs in ((1, 2_304), (5, 149_760)):  # of an LR pixel, 64 channels, four experts
        arguments = {**registry.entry("moeisr_liif_edsr").arguments, "mapper": convolutions}
        assert count_macs(partial(Mapper, arguments), 16, 16) == macs * 256


@pytest.mark.parametrize(
    ("method", "per_pixel"),
    [
        # specs: expert_macs_computed, with the local ensemble
        ("moeisr_liif_edsr", (596_992, 859_136, 1_121_280, 1_383_424)),
        ("moeisr_liif_edsr_half", (298_496, 364_032, 429_568, 495_104)),
        ("moeisr_lte_edsr", (3_072, 265_216, 527_360, 789_504)),
    ],
)
def test_experts_cost_what_the_sheet_says(method: str, per_pixel: tuple[int, ...]) -> None:
    entry = registry.entry(method)
    found = [count_macs(partial(assuming, entry, 4, number), 8, 8) for number in range(4)]
    for (cheaper, dearer), (less, more) in zip(pairwise(found), pairwise(per_pixel), strict=True):
        assert dearer - cheaper == (more - less) * 32**2
    if method == "moeisr_liif_edsr":
        dense = count(lambda: methods.build("liif_edsr", 4), 8, 8).macs
        assert found[-1] == dense + 149_760 * 8**2  # the mapper


@pytest.mark.parametrize("name", BALANCES)
def test_balance_is_nothing_where_pixels_are_spread_as_they_should_be(name: str) -> None:
    shares = torch.tensor([0.5, 0.3, 0.2])
    assert float(BALANCES[name](shares, shares, shares)) == pytest.approx(0, abs=1e-6)
    lopsided = torch.tensor([0.9, 0.05, 0.05])
    assert float(BALANCES[name](lopsided, lopsided, shares)) > 0.1


def logits(pixels: int = 4000) -> Tensor:
    return torch.from_numpy(np.random.default_rng(1).normal(size=(pixels, 3)).astype(np.float32))


def spent(setting: str) -> float:
    """The mean cost of a pixel, of the costliest expert's."""
    chosen = chooser(setting, ["a", "b", "c"], COSTS)(logits())
    return float(torch.tensor(COSTS)[chosen].mean()) / max(COSTS)


def test_settings_go_from_the_greatest_logit_to_the_cheapest_expert() -> None:
    assert torch.equal(chooser("argmax", "abc", COSTS)(logits()), logits().argmax(dim=1))
    for name in ("cost", "bias"):
        assert spent(f"{name}0") == spent("argmax")
        costs = [spent(f"{name}{power}") for power in (0, 0.5, 1, 2, 4)]
        assert costs == sorted(costs, reverse=True)
        assert spent(f"{name}90") == min(COSTS) / max(COSTS)
    assert [spent(name) for name in "abc"] == [0.25, 0.5, 1]


@pytest.mark.parametrize("budget", [0.3, 0.45, 0.55])
def test_a_budget_is_kept_and_used(budget: float) -> None:
    assert budget - 0.002 < spent(f"budget{budget}") <= budget + 1e-6  # float32


def test_a_budget_that_is_ample_changes_nothing_and_one_that_cannot_be_kept_takes_the_cheapest() -> None:
    assert spent("budget1") == spent("argmax")
    assert spent("budget0.1") == min(COSTS) / max(COSTS)


@pytest.mark.parametrize("setting", ["cost", "cost-1", "fastest", "budget0.5x", "layers9"])
def test_a_choice_that_there_is_not_is_one_line(setting: str) -> None:
    with pytest.raises(ResoluteError, match=f"there is no setting '{setting}': give argmax, cost, bias or budget"):
        chooser(setting, ["layers1", "layers2"], (1, 2))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"temprature": 1}, "unknown option 'temprature': did you mean 'temperature'"),
        ({"balance": "squard"}, "balance is 'squard': did you mean 'squared'"),
        ({"shares": [0.5, 0.5]}, "shares are one for each of 4 experts, together 1"),
        ({"temperature": 0}, "temperature and shares are above 0"),
    ],
)
def test_an_option_that_cannot_be_is_one_line(options: dict[str, object], said: str) -> None:
    with pytest.raises(ResoluteError, match=said):
        Mixing.of(replace(registry.entry("moeisr_tiny"), options=options))


def test_unbalanced_experts_are_told_apart_from_the_error() -> None:
    assert Mixing.of(registry.entry("moeisr_tiny_nobalance")).balance == "none"
    assert Mixing.of(registry.entry("moeisr_tiny_st")).straight_through

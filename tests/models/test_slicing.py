"""Smaller networks on the corners of a larger one's weights."""

import pytest
import torch
from torch import nn

from resolute.core.errors import ResoluteError
from resolute.models import create_model
from resolute.models.blocks import slicing

# A width that 16 halves of channels do not divide, the least depth; grouped and shared layers in CARN-M.
PAIRS = {
    "srresnet": ({"width": 16, "blocks": 3}, {"width": 9, "blocks": 1}),
    "rcan": (
        {"width": 32, "blocks": 3, "groups": 2, "reduction": 8},
        {"width": 20, "blocks": 2, "groups": 2, "reduction": 8},
    ),
    "carn_m": ({"width": 16, "groups": 4}, {"width": 8, "groups": 4}),
}


def pair(model: str) -> tuple[nn.Module, nn.Module]:
    """A network with weights of which none is like another, and the form of a smaller one."""
    torch.manual_seed(0)
    network = create_model(model, 4, **PAIRS[model][0])
    with torch.no_grad():
        for parameter in network.parameters():
            if parameter.requires_grad:
                parameter.add_(0.1 * torch.randn_like(parameter))
    with torch.device("meta"):
        return network, create_model(model, 4, **PAIRS[model][1])


@pytest.mark.parametrize("model", PAIRS)
def test_what_is_cut_out_gives_the_same_bits(model: str) -> None:
    network, smaller = pair(model)
    lr = torch.rand(2, 3, 9, 12)
    alone = slicing.cut(network, create_model(model, 4, **PAIRS[model][1]))
    with torch.inference_mode():
        expected = slicing.run(network, smaller, lr)
        assert torch.equal(alone(lr), expected)
        for parameter in network.parameters():
            parameter.zero_()
        assert torch.equal(alone(lr), expected), "what is cut out has weights of its own"


@pytest.mark.parametrize("model", PAIRS)
def test_gradients_reach_the_corners_and_nothing_else(model: str) -> None:
    network, smaller = pair(model)
    lr = torch.rand(1, 3, 9, 12)
    alone = slicing.cut(network, create_model(model, 4, **PAIRS[model][1]))
    for sr in (slicing.run(network, smaller, lr), alone(lr)):
        sr.square().mean().backward()
    expected = {name: one.grad for name, one in alone.named_parameters() if one.grad is not None}
    found = {name: one.grad for name, one in network.named_parameters() if one.grad is not None}
    assert found.keys() == expected.keys()
    for name, gradient in expected.items():
        corner = found[name][tuple(map(slice, gradient.shape))]
        assert torch.allclose(corner, gradient, rtol=1e-4, atol=1e-7), name
        corner.zero_()
        assert not found[name].any(), f"{name} has a gradient outside the corner"


def test_the_whole_network_is_a_slice_of_itself() -> None:
    network, lr = create_model("srresnet", 2, width=8, blocks=2), torch.rand(1, 3, 5, 6)
    assert torch.equal(slicing.run(network, create_model("srresnet", 2, width=8, blocks=2), lr), network(lr))


def test_a_slice_trains_or_not_as_its_network_does() -> None:
    network, smaller = nn.Sequential(nn.Dropout(1.0)), nn.Sequential(nn.Dropout(1.0))
    lr = torch.ones(1, 3, 2, 2)
    assert not slicing.run(network, smaller, lr).any()
    assert torch.equal(slicing.run(network.eval(), smaller, lr), lr)


@pytest.mark.parametrize(
    ("size", "said"),
    [
        ({"width": 9, "blocks": 2}, "needs 9x3x3x3 of head.0.weight, but its network has one of 8x3x3x3"),
        ({"width": 8, "blocks": 3}, "needs 8x8x3x3 of body.2.0.weight, but its network has no such tensor"),
    ],
)
def test_a_subnet_larger_than_its_network_is_one_line(size: dict[str, int], said: str) -> None:
    network = create_model("srresnet", 2, width=8, blocks=2)
    with pytest.raises(ResoluteError, match=said):
        slicing.run(network, create_model("srresnet", 2, **size), torch.zeros(1, 3, 4, 4))

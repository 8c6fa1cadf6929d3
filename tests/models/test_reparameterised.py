"""The kernel of every branch, against the branch run on the features as its paper has it."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from resolute.models.blocks import reparameterised
from resolute.models.blocks.convolution import conv1, conv3
from resolute.models.blocks.normalisation import MeanShift
from resolute.models.blocks.reparameterised import KINDS, Branch, Foldable, Reparameterised, fold
from resolute.models.blocks.span_training import ExpandConvReduce
from resolute.models.ifadnet import ExpandWithoutBias

BRANCHES = {**reparameterised.BRANCHES, "1x1_3x3_1x1": ExpandConvReduce, "without_bias": ExpandWithoutBias}

# In double precision the two ways differ by rounding alone.
TOLERANCE = 1e-12

SOBEL_X = torch.tensor([[1.0, 0, -1], [2, 0, -2], [1, 0, -1]])
SOBEL_Y = torch.tensor([[1.0, 2, 1], [0, 0, 0], [-1, -2, -1]])
LAPLACIAN = torch.tensor([[0.0, 1, 0], [1, -4, 1], [0, 1, 0]])


def padded_with_bias(convolution: nn.Conv2d, x: Tensor) -> Tensor:
    """A 1x1 convolution whose output goes on beyond the border as if the input were zero there."""
    return convolution(functional.pad(x, (1, 1, 1, 1)))


def edges(mask: Tensor) -> Callable[[reparameterised.Edge, Tensor], Tensor]:
    def run(branch: reparameterised.Edge, x: Tensor) -> Tensor:
        y = padded_with_bias(branch.mix, x)
        kernel = branch.scale[:, None, None, None] * mask.to(x)
        return functional.conv2d(y, kernel, branch.bias, groups=len(kernel))

    return run


def expanded(branch: reparameterised.ExpandThenConv | ExpandWithoutBias, x: Tensor) -> Tensor:
    return functional.conv2d(padded_with_bias(branch.expand, x), branch.conv.weight, branch.conv.bias)


def expanded_and_reduced(branch: ExpandConvReduce, x: Tensor) -> Tensor:
    y = padded_with_bias(branch.expand, x)
    return branch.reduce(functional.conv2d(y, branch.conv.weight, branch.conv.bias))


def plain(padding: tuple[int, int]) -> Callable[[reparameterised.Plain, Tensor], Tensor]:
    return lambda branch, x: functional.conv2d(x, branch.conv.weight, branch.conv.bias, padding=padding)


ON_FEATURES: dict[str, Callable[[Any, Tensor], Tensor]] = {
    "3x3": plain((1, 1)),
    "1x3": plain((0, 1)),
    "3x1": plain((1, 0)),
    "1x1": plain((0, 0)),
    "1x1_3x3": expanded,
    "1x1_3x3_double": expanded,
    "1x1_3x3_1x1": expanded_and_reduced,
    "without_bias": expanded,
    "3x3_1x1_256": lambda branch, x: branch.reduce(branch.conv(x)),
    "sobel_x": edges(SOBEL_X),
    "sobel_y": edges(SOBEL_Y),
    "laplacian": edges(LAPLACIAN),
    "identity": lambda _, x: x,
}


def branch_of(name: str) -> Branch:
    torch.manual_seed(0)
    branch = BRANCHES[name](4, 4).double()
    for parameter in branch.parameters():
        nn.init.normal_(parameter)
    return branch


@pytest.mark.parametrize("name", BRANCHES)
def test_a_branch_is_its_kernel_up_to_the_border(name: str) -> None:
    branch = branch_of(name)
    x = torch.randn(2, 4, 6, 5, dtype=torch.float64)
    expected = ON_FEATURES[name](branch, x)
    folded = Reparameterised([branch]).fold()
    assert (folded(x) - expected).abs().max() < TOLERANCE * expected.abs().max()


def test_branches_add_up() -> None:
    branches = [branch_of(name) for name in BRANCHES]
    x = torch.randn(1, 4, 6, 5, dtype=torch.float64)
    outputs = [ON_FEATURES[name](branch, x) for name, branch in zip(BRANCHES, branches, strict=True)]
    expected = torch.stack(outputs).sum(0)
    assert (Reparameterised(branches)(x) - expected).abs().max() < TOLERANCE * expected.abs().max()


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_gives_the_width_that_is_asked_for(kind: str) -> None:
    for inputs, outputs in ((4, 4), (3, 6)):
        folded = fold(reparameterised.convolution(kind)(inputs, outputs))
        assert isinstance(folded, nn.Conv2d)
        assert folded(torch.zeros(1, inputs, 5, 7)).shape == (1, outputs, 5, 7)


@pytest.mark.parametrize("name", BRANCHES)
def test_the_gradients_of_a_branch_are_those_on_the_features(name: str) -> None:
    branch = branch_of(name)
    parameters = list(branch.parameters())
    if not parameters:
        pytest.skip("nothing to train")
    x = torch.randn(1, 4, 6, 5, dtype=torch.float64)
    ours, theirs = (
        torch.cat([gradient.flatten() for gradient in torch.autograd.grad((y**3).sum(), parameters)])
        for y in (Reparameterised([branch])(x), ON_FEATURES[name](branch, x))
    )
    assert (ours - theirs).abs().max() < TOLERANCE * theirs.abs().max()


class Doubled(Foldable):
    """A foldable module around another one."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x: Tensor) -> Tensor:
        return 2 * self.inner(x)

    def fold(self) -> nn.Module:
        assert isinstance(self.inner, nn.Conv2d)
        for parameter in self.inner.parameters():
            parameter.data *= 2
        return self.inner


def test_folding_goes_from_the_inside_out_and_leaves_the_original_alone() -> None:
    network = nn.Sequential(conv1(3, 4), Doubled(reparameterised.convolution("ecb")(4, 4)), nn.ReLU())
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    folded = fold(network)
    assert [type(module) for module in folded.children()] == [nn.Conv2d, nn.Conv2d, nn.ReLU]
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())
    x = torch.randn(1, 3, 6, 5)
    assert torch.allclose(folded(x), network(x), atol=1e-5)


def test_weight_normalisation_folds_and_spares_what_is_not_trained() -> None:
    plain_network = nn.Sequential(MeanShift((-0.4, -0.5, -0.6)), conv3(3, 4))
    names = list(plain_network.state_dict())
    x = torch.randn(1, 3, 6, 5)
    expected = plain_network(x)
    network = reparameterised.weight_normalised(plain_network)
    assert len(list(network.parameters())) == 5
    assert torch.allclose(network(x), expected, atol=1e-6)
    folded = fold(network)
    assert sorted(folded.state_dict()) == sorted(names)
    assert torch.allclose(folded(x), expected, atol=1e-6)
    assert len(list(network.parameters())) == 5
    assert torch.allclose(network(x), expected, atol=1e-6)

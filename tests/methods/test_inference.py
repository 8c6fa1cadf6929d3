"""The network that runs is the network that was loaded."""

import re

import pytest
import torch
from torch import nn
from torch.nn import functional

from resolute import methods, registry
from resolute.inference.fused import FusedConv, FusedLinear
from resolute.inference.prepare import _say_once as say_once
from resolute.inference.prepare import prepare
from resolute.metrics.counters import count
from resolute.models.blocks.experts import Router, routed
from resolute.models.blocks.pointwise import BSConv, PointwiseLinear
from resolute.models.blocks.preparable import as_convolution
from resolute.models.blocks.swin import attend_in_windows
from resolute.models.blocks.windows import WindowAttention

# Of the output's range. Fused layers add up in another order than plain ones, in float32 both; 2e-6 is the most seen.
TOLERANCE = 1e-5

NETWORKS = [name for name in registry.names() if registry.entry(name).model and not registry.entry(name).like]

# Height and width: neither are multiples of windows, and the second is far from where shapes were probed.
SIZES = ((26, 42), (45, 33))


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(PointwiseLinear(3, 8), nn.GELU(), BSConv(8, 6), PointwiseLinear(6, 3, bias=False))


def difference(plain: nn.Module, x: torch.Tensor) -> float:
    """The largest difference that preparing makes, of the range of the output."""
    fast = prepare(plain, "cpu")
    with torch.inference_mode():
        expected, found = plain(x), fast(x.contiguous(memory_format=torch.channels_last))
    assert expected.shape == found.shape
    return float((found - expected).abs().max() / (expected.max() - expected.min()))


def give_norms_statistics(trained: nn.Module) -> None:
    """Fresh batch norms and PReLUs of one slope would hide what happens to them."""
    for module in trained.modules():
        if isinstance(module, nn.BatchNorm2d):
            for tensor in (*module.parameters(), module.get_buffer("running_mean"), module.get_buffer("running_var")):
                nn.init.uniform_(tensor, 0.5, 1.5)
        if isinstance(module, nn.PReLU):
            nn.init.uniform_(module.weight, 0.1, 0.4)


@pytest.mark.parametrize("name", NETWORKS)
def test_prepared_networks_compute_the_same(name: str) -> None:
    torch.manual_seed(0)
    entry = registry.entry(name)
    plain = methods.build(name, (entry.scales or (2,))[-1]).eval()
    give_norms_statistics(plain)
    fast = prepare(plain, "cpu")
    for height, width in SIZES:
        x = torch.rand(2, 3, height, width) * entry.data_range
        with torch.inference_mode():
            expected, found = plain(x), fast(x.contiguous(memory_format=torch.channels_last))
        assert expected.shape == found.shape
        assert (found - expected).abs().max() < TOLERANCE * (expected.max() - expected.min())
    # What a router calls depends on the image: such a network has no one graph to fuse.
    routed = any(isinstance(module, Router) for module in plain.modules())
    if torch.backends.mkldnn.is_available() and not routed:
        assert any(isinstance(module, FusedConv) for module in fast.modules()), "it could not be traced"


def test_batch_norms_fold_on_both_sides_of_a_convolution() -> None:
    torch.manual_seed(0)
    plain = nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.BatchNorm2d(8), nn.Conv2d(8, 4, 1)
    ).eval()
    give_norms_statistics(plain)
    assert difference(plain, torch.randn(2, 3, 9, 7)) < TOLERANCE
    assert not any(isinstance(module, nn.BatchNorm2d) for module in prepare(plain, "cpu").modules())


def test_shuffles_fold_into_the_convolution_before_them() -> None:
    torch.manual_seed(0)
    plain = nn.Sequential(
        nn.Conv2d(3, 6, 1), nn.ChannelShuffle(2), nn.ReLU(), nn.Conv2d(6, 6, 1, groups=2), nn.ChannelShuffle(2)
    ).eval()
    assert difference(plain, torch.randn(2, 3, 9, 7)) < TOLERANCE
    if torch.backends.mkldnn.is_available():
        shuffles = [module for module in prepare(plain, "cpu").modules() if isinstance(module, nn.ChannelShuffle)]
        assert len(shuffles) == 1, "the groups of the second convolution are not in that order"


def test_experts_are_fused_one_by_one() -> None:
    if not torch.backends.mkldnn.is_available():
        pytest.skip("this torch has no oneDNN")
    prepared = prepare(methods.build("seemore_t", 4).eval(), "cpu")
    for layer in routed(prepared):
        assert [type(module) for module in layer.experts.modules() if isinstance(module, FusedConv | nn.Conv2d)] == [
            FusedConv
        ] * 3 * len(layer.experts)


class OnTokens(nn.Module):
    """Linear layers, one of which alone is read by its activation."""

    def __init__(self) -> None:
        super().__init__()
        self.widen, self.narrow = nn.Linear(3, 8, bias=False), nn.Linear(8, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        narrow = self.narrow(functional.gelu(self.widen(x.permute(0, 2, 3, 1)))).permute(0, 3, 1, 2)
        return narrow + torch.relu(narrow)


def test_linear_layers_are_fused_with_their_activation() -> None:
    torch.manual_seed(0)
    plain = OnTokens().eval()
    assert difference(plain, torch.randn(2, 3, 9, 7)) < TOLERANCE
    if torch.backends.mkldnn.is_available():
        fused = [module for module in prepare(plain, "cpu").modules() if isinstance(module, FusedLinear)]
        assert [layer.activation[0] for layer in fused] == ["gelu", "none"]


@pytest.mark.parametrize("shift", [0, 2])
@pytest.mark.parametrize("position_bias", [True, False])
def test_fused_window_attention_computes_the_same(shift: int, position_bias: bool) -> None:
    torch.manual_seed(0)
    released = WindowAttention(6, 2, 4, position_bias=position_bias)
    x_BHWC = torch.randn(2, 8, 12, 6)
    with torch.inference_mode():
        expected, found = (attend_in_windows(each, x_BHWC, 4, shift) for each in (released, released.prepare()))
    assert torch.allclose(found, expected, rtol=0, atol=TOLERANCE * float(expected.max() - expected.min()))


class Broadcasting(nn.Module):
    """Sums and products of maps of different shapes, one of them read twice."""

    def __init__(self) -> None:
        super().__init__()
        self.wide, self.narrow, self.pooled = nn.Conv2d(3, 4, 1), nn.Conv2d(3, 1, 1), nn.Conv2d(4, 4, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        wide = self.wide(x)
        masked = wide * self.narrow(x) + self.pooled(wide.mean((2, 3), keepdim=True))
        return torch.relu(masked + wide)


class Deciding(nn.Module):
    """A network whose flow depends on its input's size."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.conv(x) if x.shape[-1] > 8 else x * 2


@pytest.mark.parametrize("width", [7, 9])
@pytest.mark.parametrize("make", [Broadcasting, Deciding])
def test_what_cannot_be_fused_stays_right(make: type[nn.Module], width: int) -> None:
    torch.manual_seed(0)
    assert difference(make().eval(), torch.randn(2, 3, 8, width)) < TOLERANCE


def test_affine_layers_become_convolutions_without_linear_layers() -> None:
    torch.manual_seed(0)
    layer = PointwiseLinear(5, 3)
    x = torch.randn(2, 5, 4, 6)
    assert torch.allclose(as_convolution(layer, 5)(x), layer(x), atol=1e-6)
    assert not any(isinstance(module, nn.Linear) for module in prepare(network(), "cpu").modules())


def test_the_network_given_stays_as_it_is() -> None:
    plain = network()
    before = {name: tensor.clone() for name, tensor in plain.state_dict().items()}
    prepare(plain, "cpu")
    assert sum(isinstance(module, nn.Linear) for module in plain.modules()) == 3
    after = plain.state_dict()
    assert before.keys() == after.keys()
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_counters_see_the_released_form() -> None:
    """Linear layers are no convolutions to the challenge: only the depthwise one of BSConv is."""
    assert count(network, 7, 5).n_conv == 1
    assert count(lambda: prepare(network(), "meta"), 7, 5).n_conv == 4


class Renamed:
    """Operators of a torch that has others."""

    def __getattr__(self, name: str) -> object:
        raise AttributeError(name)


class Refusing:
    """Operators of a torch that wants other arguments."""

    def __init__(self, kind: type[Exception]) -> None:
        self.kind = kind
        self.binary = self

    def __getattr__(self, name: str) -> object:
        return self

    def __call__(self, *_: object) -> torch.Tensor:
        raise self.kind("not so")


@pytest.mark.parametrize(
    "operators", [Renamed(), Refusing(RuntimeError), Refusing(TypeError), Refusing(NotImplementedError)]
)
@pytest.mark.parametrize("layout", [torch.channels_last, torch.contiguous_format])
def test_without_private_operators_networks_run_plain_and_one_line_says_so(
    layout: torch.memory_format,
    operators: object,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if not torch.backends.mkldnn.is_available():
        pytest.skip("this torch has no oneDNN")
    monkeypatch.setattr(torch.ops, "mkldnn", operators)
    say_once.cache_clear()
    torch.manual_seed(0)
    plain = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 3, 1)).eval()
    monkeypatch.setattr(plain, "inference_layout", layout, raising=False)
    for _ in range(2):
        assert difference(plain, torch.randn(2, 3, 9, 7)) < TOLERANCE
    assert re.fullmatch(r"resolute: torch \S+ does not fuse convolutions .* slower\n", capsys.readouterr().err)

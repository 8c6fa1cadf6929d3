"""FLOPs as fvcore counts them: against figures worked out by hand, and against fvcore itself."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from resolute import methods, registry
from resolute.metrics.counters import count
from resolute.metrics.operators import OperatorCounter

PIXELS = 8 * 8
# What is called on an image of 4 channels and 8x8 pixels, and what fvcore counts of it.
BY_HAND: dict[str, tuple[Callable[[Tensor], Any], int]] = {
    "convolution": (nn.Conv2d(4, 6, 3, padding=1), 6 * 4 * 9 * PIXELS),
    "convolution without bias": (nn.Conv2d(4, 6, 3, padding=1, bias=False), 6 * 4 * 9 * PIXELS),
    "convolution padded by a word": (nn.Conv2d(4, 6, 3, padding="same"), 0),
    "convolution padded by reflection": (nn.Conv2d(4, 6, 3, padding=1, padding_mode="reflect"), 6 * 4 * 9 * PIXELS),
    "convolution with a stride": (nn.Conv2d(4, 6, 3, stride=2), 6 * 4 * 9 * 3 * 3),
    "depthwise convolution": (nn.Conv2d(4, 4, 3, padding=1, groups=4), 4 * 9 * PIXELS),
    "convolution of a kernel": (
        lambda x: functional.conv2d(x, functional.conv2d(torch.ones(6, 4, 3, 3), torch.ones(4, 4, 1, 1)), padding=1),
        6 * 4 * 9 * 4 + 6 * 4 * 9 * PIXELS,
    ),
    "named arguments": (
        lambda x: functional.conv2d(input=x, weight=torch.ones(6, 4, 3, 3), padding=1),
        6 * 4 * 9 * PIXELS,
    ),
    "transposed convolution": (nn.ConvTranspose2d(4, 6, 2, stride=2), 4 * 6 * 4 * PIXELS),
    "linear layer": (lambda x: functional.linear(x.permute(0, 2, 3, 1), torch.ones(6, 4)), 4 * PIXELS * 6),
    "product": (lambda x: x.flatten(2).transpose(1, 2) @ x.flatten(2), PIXELS * 4 * PIXELS),
    "product that is broadcast": (lambda x: x[0, 0, :, :4] @ torch.ones(5, 4, PIXELS), 8 * 4 * PIXELS),
    "stack of products": (lambda x: torch.bmm(x.flatten(2).mT, mat2=x.flatten(2)), PIXELS * 4 * PIXELS),
    "sum and product": (lambda x: torch.addmm(torch.ones(8), x[0, 0], torch.ones(8, 8)), 8 * 8 * 8),
    "einsum": (lambda x: torch.einsum("bcn,bcm->bnm", x.flatten(2), x.flatten(2)), 4 * PIXELS * PIXELS),
    "einsum, the other way": (lambda x: torch.einsum("bnc,bmc->bmn", x[0], x[0]), 4 * 8 * 8 * 8),
    "einsum of four axes": (lambda x: torch.einsum("bhid, bhjd -> bhij", x, x), 4 * 8 * 8 * 8),
    "einsum without a sum": (lambda x: torch.einsum("bchw,c->bchw", x, torch.ones(4)), 4 * PIXELS // 2),
    "batch norm": (nn.BatchNorm2d(4).eval(), 2 * 4 * PIXELS),
    "batch norm, plain": (nn.BatchNorm2d(4, affine=False).eval(), 4 * PIXELS),
    "layer norm": (nn.LayerNorm(8), 5 * 4 * PIXELS),
    "layer norm, plain": (nn.LayerNorm(8, elementwise_affine=False), 4 * 4 * PIXELS),
    "group norm": (nn.GroupNorm(2, 4), 5 * 4 * PIXELS),
    "instance norm": (nn.InstanceNorm2d(4), 4 * 4 * PIXELS),
    "bilinear": (lambda x: functional.interpolate(x, scale_factor=4, mode="bilinear"), 4 * 4 * 16 * PIXELS),
    "nearest": (lambda x: functional.interpolate(x, scale_factor=4), 4 * 16 * PIXELS),
    "bicubic": (lambda x: functional.interpolate(x, scale_factor=4, mode="bicubic"), 0),
    "area": (lambda x: functional.interpolate(x, (2, 2), mode="area"), 4 * PIXELS),
    "global pooling": (nn.AdaptiveAvgPool2d(1), 4 * PIXELS),
    "pooling in windows": (nn.AvgPool2d(2), 0),
    "greatest of all": (nn.AdaptiveMaxPool2d(2), 0),
    "sampling": (lambda x: functional.grid_sample(x, torch.zeros(1, 5, 6, 2), align_corners=False), 4 * 4 * 5 * 6),
    "fused attention": (lambda x: functional.scaled_dot_product_attention(x, x, x), 0),
    "activations, sums, means": (lambda x: functional.gelu(x).softmax(1).sigmoid().mean((2, 3)) + 1, 0),
    "one layer called twice": (nn.Sequential(*2 * [nn.Conv2d(4, 4, 3, padding=1)]), 2 * 4 * 4 * 9 * PIXELS),
}

# One of each kind of layer: attentions, linear layers, norms, Fourier units, resizing, kernels made by einsum.
DIVERSE = [
    *("rlfn_team04", "fmen_team03", "bsrn_team18", "mobilesr_team20", "imdtn_team09", "hnct_team12", "nlffc_team02"),
    *("smfanet", "vapsr", "shufflemixer", "liif_tiny", "efdn_team05"),
]
# Which experts they choose depends on the image; on no image, as counters have it, the costliest are chosen.
CHOOSING = {name for name in registry.names() if registry.entry(name).experts or registry.entry(name).settings}
NETWORKS = [name for name in registry.names() if registry.entry(name).trainable and name not in CHOOSING]


class Called(nn.Module):
    """A function as a network."""

    def __init__(self, function: Callable[[Tensor], Any]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Any:
        return self.function(x)


def by_fvcore(network: nn.Module, x: Tensor) -> int:
    from fvcore.nn import FlopCountAnalysis

    for parameter in network.parameters():
        parameter.requires_grad_(False)
    analysis = FlopCountAnalysis(network.eval(), x)
    analysis.unsupported_ops_warnings(False).uncalled_modules_warnings(False).tracer_warnings("none")
    return int(analysis.total())


def held_to_fvcore(method: str) -> None:
    entry = registry.entry(method)
    scale, side = entry.scales[-1] if entry.scales else 2, max(entry.minimum_side, 16)
    ours = count(lambda: methods.build(method, scale), side, side + 4).flops_fvcore
    assert ours == by_fvcore(methods.build(method, scale), torch.rand(1, 3, side, side + 4))


@pytest.mark.parametrize("name", BY_HAND)
def test_counts_done_by_hand_are_fvcores(name: str) -> None:
    function, flops = BY_HAND[name]
    x = torch.rand(1, 4, 8, 8)
    with torch.no_grad(), OperatorCounter() as counter:
        function(x)
    assert counter.flops == flops
    assert by_fvcore(Called(function), x) == flops


@pytest.mark.parametrize("method", DIVERSE)
def test_networks_are_counted_as_by_fvcore(method: str) -> None:
    held_to_fvcore(method)


@pytest.mark.attack
@pytest.mark.parametrize("method", sorted({*NETWORKS} - {*DIVERSE}))
def test_all_networks_are_counted_as_by_fvcore(method: str) -> None:
    held_to_fvcore(method)


def test_the_baseline_of_2024_as_its_results_have_it() -> None:
    """RLFN: 19.67485952 G in results.json of Amazingren/NTIRE2024_ESR."""
    assert count(lambda: methods.build("rlfn_team04", 4), 256, 256).flops_fvcore == 19_674_859_520


def test_bsrn_as_fvcore_counts_its_released_code() -> None:
    """For an output of 1280x720: convolutions 19.1772 G, bilinear resizing 29.5 M, means as a pooling 29.5 M."""
    assert count(lambda: methods.build("bsrn", 4), 180, 320).flops_fvcore == 19_236_158_848

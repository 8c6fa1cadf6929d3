"""What FMEN alone has: batch norm before a padded convolution, and a bottleneck that is one convolution."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from resolute.models.blocks.reparameterised import fold
from resolute.models.fmen import FMEN, NormalisedConv, WideResidual

# In double precision the two ways differ by rounding alone.
TOLERANCE = 1e-12


def test_the_bottleneck_is_its_kernel_up_to_the_border() -> None:
    torch.manual_seed(0)
    branch = WideResidual(3).double()
    x = torch.randn(2, 3, 5, 6, dtype=torch.float64)
    wide = branch.expand(functional.pad(x, (1, 1, 1, 1)))
    expected = branch.reduce(functional.conv2d(wide, branch.conv.weight, branch.conv.bias) + wide[..., 1:-1, 1:-1])
    kernel, bias = branch()
    assert (functional.conv2d(x, kernel, bias, padding=1) - expected).abs().max() < TOLERANCE


@pytest.mark.parametrize("norm_after", [False, True])
def test_batch_norm_folds_with_the_statistics_that_it_has_seen(norm_after: bool) -> None:
    torch.manual_seed(0)
    layer = NormalisedConv(3, 4, norm_after).double()
    for norm in (module for module in layer.modules() if isinstance(module, nn.BatchNorm2d)):
        nn.init.normal_(norm.weight)
        nn.init.normal_(norm.bias)
    for _ in range(3):
        layer(5 * torch.randn(2, 3, 6, 7, dtype=torch.float64) + 2)
    layer.eval()
    x = torch.randn(1, 3, 6, 7, dtype=torch.float64)
    # Batch norm of zeros is what the unfolded convolution must see beyond the border.
    convolved = layer.conv(layer.before(functional.pad(x, (1, 1, 1, 1))))
    expected = convolved if layer.after is None else layer.after(convolved)
    assert (layer(x) - expected).abs().max() < TOLERANCE
    assert (layer.fold()(x) - expected).abs().max() < TOLERANCE


def test_a_folded_network_is_nothing_but_3x3_convolutions() -> None:
    folded = fold(FMEN(reparameterised=True))
    layers = [module for module in folded.modules() if list(module.parameters(recurse=False))]
    assert {(type(layer), getattr(layer, "kernel_size", None)) for layer in layers} == {(nn.Conv2d, (3, 3))}

"""The operators that trainings on a CPU have in place of torch's own: the same numbers, and the same again."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from resolute.train import kernels
from resolute.train.kernels import use_faster_kernels

# Inputs, outputs, kernel, stride, padding, dilation, groups: dense ones, depthwise ones whose kernels are narrow, wide,
# wide and low, dilated and strided.
CONVOLUTIONS: list[tuple[int, int, tuple[int, int], int, tuple[int, int], int, int]] = [
    (6, 8, (3, 3), 1, (1, 1), 1, 1),
    (8, 4, (1, 1), 1, (0, 0), 1, 1),
    (8, 8, (3, 3), 1, (1, 1), 1, 8),
    (8, 8, (7, 7), 1, (3, 3), 1, 8),
    (8, 8, (3, 5), 1, (0, 2), 1, 8),
    (8, 8, (5, 5), 1, (6, 6), 3, 8),
    (8, 8, (5, 5), 2, (2, 2), 1, 8),
    (8, 16, (5, 5), 1, (2, 2), 1, 8),
]


@pytest.fixture(autouse=True)
def replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    use_faster_kernels()
    monkeypatch.setattr(kernels, "_LARGE", 0)


def close(given: Tensor | None, expected: Tensor | None) -> None:
    assert given is not None and expected is not None
    # Of double precision against single: what rounding leaves of sums over 3 x 17 x 19 products.
    torch.testing.assert_close(given.double(), expected, rtol=1e-5, atol=1e-5 * float(expected.abs().max()))


@pytest.mark.parametrize("inputs, outputs, kernel, stride, padding, dilation, groups", CONVOLUTIONS)
def test_gradients_of_convolutions(
    inputs: int,
    outputs: int,
    kernel: tuple[int, int],
    stride: int,
    padding: tuple[int, int],
    dilation: int,
    groups: int,
) -> None:
    def gradients(dtype: torch.dtype) -> list[Tensor | None]:
        generator = torch.Generator().manual_seed(0)
        sizes = (3, inputs, 17, 19), (outputs, inputs // groups, *kernel), (outputs,)
        leaves = [torch.randn(size, generator=generator).to(dtype) for size in sizes]
        leaves[0] = leaves[0].contiguous(memory_format=torch.channels_last)
        for leaf in leaves:
            leaf.requires_grad_()
        x, weight, bias = leaves
        functional.conv2d(x, weight, bias, stride, padding, dilation, groups).square().sum().backward()
        return [leaf.grad for leaf in leaves]

    first, again, exact = gradients(torch.float32), gradients(torch.float32), gradients(torch.float64)
    for one, other, expected in zip(first, again, exact, strict=True):
        assert one is not None and other is not None and torch.equal(one, other)
        close(one, expected)


@pytest.mark.parametrize("frozen", [(0, 1), (1, 2), (0, 2), (0,)])
def test_frozen_parts_have_no_gradient(frozen: tuple[int, ...]) -> None:
    leaves = [torch.ones(2, 4, 9, 9), torch.ones(4, 1, 5, 5), torch.ones(4)]
    for number, leaf in enumerate(leaves):
        leaf.requires_grad_(number not in frozen)
    x, weight, bias = leaves
    functional.conv2d(x, weight, bias, padding=2, groups=4).sum().backward()
    assert [leaf.grad is None for leaf in leaves] == [number in frozen for number in range(3)]
    if 2 not in frozen:
        assert leaves[2].grad is not None and leaves[2].grad.tolist() == [2 * 9 * 9] * 4
    if 1 not in frozen:
        # The centre of a kernel sees every pixel of both images, a corner all but two rows and two columns.
        gradient = leaves[1].grad
        assert gradient is not None and (gradient[0, 0, 2, 2].item(), gradient[0, 0, 0, 0].item()) == (162, 98)


@pytest.mark.parametrize("operator", [torch.var, torch.std])
@pytest.mark.parametrize("correction", [0, 1])
@pytest.mark.parametrize("dim", [(2, 3), (-1, -2), (1,)])
def test_variances(operator: Callable[..., Tensor], correction: int, dim: tuple[int, ...]) -> None:
    def found(dtype: torch.dtype) -> list[Tensor | None]:
        x = torch.randn(2, 5, 7, 6, generator=torch.Generator().manual_seed(0)).to(dtype) + 3
        x = x.contiguous(memory_format=torch.channels_last).requires_grad_()
        spread = operator(x, dim=dim, correction=correction, keepdim=True)
        (spread * x).sum().backward()
        return [spread.detach(), x.grad]

    for given, expected in zip(found(torch.float32), found(torch.float64), strict=True):
        close(given, expected)


def test_a_constant_map_has_no_spread_and_no_gradient_but_numbers() -> None:
    x = torch.full((1, 2, 4, 4), 0.25).contiguous(memory_format=torch.channels_last).requires_grad_()
    spread = x.std((2, 3), correction=0)
    spread.sum().backward()
    assert spread.tolist() == [[0, 0]]
    assert x.grad is not None and x.grad.eq(0).all()

"""Counting parameters, multiply-adds, activations and convolutions of a network.

Three counts stand side by side. `flops_ntire2022` follows the counter of the NTIRE 2022 efficient SR challenge
(ofsoundof/NTIRE2022_ESR, utils/model_summary.py), whose figures its Table 1 prints, warts included, `flops_fvcore`
that of the challenges since 2024 (`resolute.metrics.operators`). `macs` counts every multiply-add of convolutions,
linear layers and matrix products once, wherever they are called from. All run on the meta device: no arithmetic is
done.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields

import torch
from torch import Tensor, nn

from resolute.core.uncompiled import uncompiled
from resolute.metrics.multiplications import MultiplyAdds
from resolute.metrics.operators import OperatorCounter

CONVOLUTIONS = (nn.Conv2d, nn.ConvTranspose2d)
ACTIVATIONS = (nn.ReLU, nn.LeakyReLU, nn.PReLU, nn.ELU, nn.ReLU6)
_COUNTED = (*CONVOLUTIONS, *ACTIVATIONS, nn.BatchNorm2d, nn.Linear)
# Which part of the multiply-adds an operation belongs to; all others are products.
_PARTS = {torch.ops.aten.convolution: "convolutions", torch.ops.aten.addmm: "linear", torch.ops.aten.mm: "linear"}


@dataclass(frozen=True)
class Counts:
    """The cost of one image, batch 1.

    Attributes:
        params: elements of all registered parameters, each shared one once, used or not.
        macs: multiply-adds of convolutions, linear layers and matrix products; where a network chooses experts, of
            the costliest ones, which it takes on the meta device.
        macs_convolutions, macs_linear, macs_products: the parts of `macs` that are convolutions, linear layers (all
            products with one matrix) and products of stacks of matrices, as attention has them.
        macs_decoder: those of `macs` that are outside of the network's `encoder`; None where it has none.
        flops_2macs: twice `macs`, as WBSR, ClassSR and ARM print it.
        flops_ntire2022: the challenge's count of 2022 and 2023.
        flops_fvcore: that of 2024 and later.
        activations: elements of the outputs of all convolution layers, over all calls.
        n_conv: calls of convolution layers.
    """

    params: int
    macs: int
    macs_convolutions: int
    macs_linear: int
    macs_products: int
    macs_decoder: int | None
    flops_2macs: int
    flops_ntire2022: int
    flops_fvcore: int
    activations: int
    n_conv: int

    def as_dict(self) -> dict[str, int | None]:
        return {field.name: getattr(self, field.name) for field in fields(self)}


@uncompiled()
def count(build: Callable[[], nn.Module], height: int, width: int) -> Counts:
    """Count a network on an RGB LR image of height x width pixels.

    Args:
        build: makes the network, in the form that is released.
    """
    network, lr = _on_meta(build, height, width)
    challenge, operators, multiply_adds = ChallengeCounter(network), OperatorCounter(), MultiplyAdds()
    with challenge, operators, _calls(getattr(network, "encoder", None), multiply_adds) as encoder:
        _run(network, lr, multiply_adds)
    parts: Counter[str] = Counter()
    for operation, times in multiply_adds.times.items():
        parts[_PARTS.get(operation, "products")] += times
    macs = parts.total()
    return Counts(
        params=sum(parameter.numel() for parameter in network.parameters()),
        macs=macs,
        macs_convolutions=parts["convolutions"],
        macs_linear=parts["linear"],
        macs_products=parts["products"],
        macs_decoder=macs - sum(encoder) if hasattr(network, "encoder") else None,
        flops_2macs=2 * macs,
        flops_ntire2022=challenge.flops,
        flops_fvcore=operators.flops,
        activations=challenge.activations,
        n_conv=challenge.n_conv,
    )


@uncompiled()
def count_macs(build: Callable[[], nn.Module], height: int, width: int) -> int:
    """The `macs` of `count` alone."""
    multiply_adds = MultiplyAdds()
    _run(*_on_meta(build, height, width), multiply_adds)
    return multiply_adds.times.total()


def _on_meta(build: Callable[[], nn.Module], height: int, width: int) -> tuple[nn.Module, Tensor]:
    with torch.device("meta"):
        return build().eval(), torch.empty(1, 3, height, width)


def _run(network: nn.Module, lr: Tensor, multiply_adds: MultiplyAdds) -> None:
    with torch.no_grad(), multiply_adds:
        network(lr)


@contextmanager
def _calls(module: nn.Module | None, multiply_adds: MultiplyAdds) -> Iterator[list[int]]:
    """Yields what becomes the multiply-adds of a module's calls, one by one; of none, where there is no module."""
    begun: list[int] = []
    spent: list[int] = []
    hooks = (
        []
        if module is None
        else [
            module.register_forward_pre_hook(lambda *_: begun.append(multiply_adds.times.total())),
            module.register_forward_hook(lambda *_: spent.append(multiply_adds.times.total() - begun.pop())),
        ]
    )
    try:
        yield spent
    finally:
        for hook in hooks:
            hook.remove()


class ChallengeCounter:
    """Counts layer calls by the rules of NTIRE 2022, while it is entered.

    Only layer objects are seen; a functional call is invisible. Bias, sigmoid, GELU, pooling, resizing,
    layer norm, sums, products and attention products cost nothing; a transposed convolution is counted at its
    output size; a linear layer on more than two axes is counted by the wrong axes.
    """

    def __init__(self, network: nn.Module) -> None:
        self.network = network
        self.flops = self.activations = self.n_conv = 0

    def __enter__(self) -> "ChallengeCounter":
        counted = (module for module in self.network.modules() if isinstance(module, _COUNTED))
        self.hooks = [module.register_forward_hook(self._count) for module in counted]
        return self

    def __exit__(self, *_: object) -> None:
        for hook in self.hooks:
            hook.remove()

    def _count(self, layer: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        if isinstance(layer, CONVOLUTIONS):
            kernel_height, kernel_width = layer.kernel_size
            per_pixel = kernel_height * kernel_width * layer.in_channels * (layer.out_channels // layer.groups)
            self.flops += output.shape[0] * output.shape[2] * output.shape[3] * per_pixel
            self.activations += output.numel()
            self.n_conv += 1
        elif isinstance(layer, nn.BatchNorm2d):
            self.flops += inputs[0].numel() * (2 if layer.affine else 1)
        elif isinstance(layer, ACTIVATIONS):
            self.flops += output.numel()
        elif isinstance(layer, nn.Linear):
            self.flops += _linear(layer, inputs[0], output)


def _linear(layer: nn.Linear, x: Tensor, output: Tensor) -> int:
    if x.dim() == 1:
        return layer.in_features * layer.out_features
    return x.shape[0] * x.shape[1] * output.shape[1]

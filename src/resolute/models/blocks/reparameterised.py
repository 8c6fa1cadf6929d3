"""Convolutions that are larger in training than at inference, and how they fold.

A re-parameterised convolution is a linear map with more parameters than the 3x3 convolution that it equals: parallel
branches whose outputs add up, pairs of convolutions in a row. It trains better and costs nothing once it is folded.

The papers run the branches on the features and fold them afterwards. Here each branch says which kernel it amounts
to, and training itself runs the one convolution with the sum of the kernels: the same function, borders included,
and the same gradients of the branches' parameters, at the cost of one convolution.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils import parametrizations, parametrize

from resolute.core.errors import ResoluteError, nearest
from resolute.models.blocks.convolution import ConvFactory, conv1, conv3
from resolute.models.blocks.replace import replace_modules

EDGE_MASKS = {
    "sobel_x": ((1, 0, -1), (2, 0, -2), (1, 0, -1)),
    "sobel_y": ((1, 2, 1), (0, 0, 0), (-1, -2, -1)),
    "laplacian": ((0, 1, 0), (1, -4, 1), (0, 1, 0)),
}


class Foldable(nn.Module, ABC):
    """A module of the training form that a simpler one replaces at inference."""

    @abstractmethod
    def fold(self) -> nn.Module:
        """The module that computes the same in evaluation; its own children are folded already."""


def fold(network: nn.Module) -> nn.Module:
    """A copy of a network in the form that is released: the same function of the image, within float rounding."""
    return replace_modules(network, _folded)


def _folded(module: nn.Module) -> nn.Module:
    if isinstance(module, nn.Conv2d) and parametrize.is_parametrized(module, "weight"):
        # Not `remove_parametrizations`: it would break the original, which shares its class with the copy.
        weight = nn.Parameter(module.weight.detach())
        del module.parametrizations
        module.__class__ = parametrize.type_before_parametrizations(module)
        module.weight = weight
    return module.fold() if isinstance(module, Foldable) else module


class Branch(nn.Module, ABC):
    """A linear map that equals a 3x3 convolution; called, it says which."""

    @abstractmethod
    def forward(self) -> tuple[Tensor, Tensor]:
        """The equivalent kernel (outputs x inputs x 3 x 3) and bias (outputs)."""


class Reparameterised(Foldable):
    """The sum of branches in training, one 3x3 convolution when folded."""

    def __init__(self, branches: Sequence[Branch]) -> None:
        super().__init__()
        self.branches = nn.ModuleList(branches)

    def kernel_and_bias(self) -> tuple[Tensor, Tensor]:
        kernels, biases = zip(*(branch() for branch in self.branches), strict=True)
        return torch.stack(kernels).sum(0), torch.stack(biases).sum(0)

    def forward(self, x: Tensor) -> Tensor:
        # Autocast would add up the kernels in half precision; the folded network has them in full.
        with torch.autocast(x.device.type, enabled=False):
            kernel, bias = self.kernel_and_bias()
        return functional.conv2d(x, kernel, bias, padding=1)

    @torch.no_grad()
    def fold(self) -> nn.Conv2d:
        kernel, bias = self.kernel_and_bias()
        convolution = conv3(kernel.shape[1], kernel.shape[0]).to(kernel)
        convolution.weight.copy_(kernel)
        if convolution.bias is not None:
            convolution.bias.copy_(bias)
        return convolution


class Plain(Branch):
    """One convolution of a kernel of at most 3x3 (height x width), which lies in the middle of the 3x3."""

    def __init__(self, inputs: int, outputs: int, kernel: tuple[int, int]) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel)

    def forward(self) -> tuple[Tensor, Tensor]:
        return centred(self.conv.weight), bias_of(self.conv)


class Identity(Branch):
    """The input itself."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        kernel = centred(torch.eye(channels)[:, :, None, None])
        self.register_buffer("kernel", kernel, persistent=False)
        self.register_buffer("bias", torch.zeros(channels), persistent=False)

    def forward(self) -> tuple[Tensor, Tensor]:
        return self.get_buffer("kernel"), self.get_buffer("bias")


class ExpandThenConv(Branch):
    """A 1x1 convolution to `middle` channels, then a 3x3 one; the middle is padded with the bias of the first.

    That padding is what makes the pair one zero-padded convolution up to the border (Zhang et al., ECBSR, ACM MM
    2021).
    """

    def __init__(self, inputs: int, outputs: int, middle: int) -> None:
        super().__init__()
        self.expand = conv1(inputs, middle)
        self.conv = conv3(middle, outputs)

    def forward(self) -> tuple[Tensor, Tensor]:
        return compose(self.expand, self.conv.weight, bias_of(self.conv))


class ConvThenReduce(Branch):
    """A 3x3 convolution to `middle` channels, then a 1x1 one (Bhardwaj et al., SESR, MLSys 2022)."""

    def __init__(self, inputs: int, outputs: int, middle: int) -> None:
        super().__init__()
        self.conv = conv3(inputs, middle)
        self.reduce = conv1(middle, outputs)

    def forward(self) -> tuple[Tensor, Tensor]:
        mix = self.reduce.weight[:, :, 0, 0]
        kernel = torch.einsum("om,mixy->oixy", mix, self.conv.weight)
        return kernel, bias_of(self.reduce) + mix @ bias_of(self.conv)


class Edge(Branch):
    """A 1x1 convolution, then a fixed derivative mask with a learned scale and bias per channel (ECBSR)."""

    def __init__(self, inputs: int, outputs: int, mask: str) -> None:
        super().__init__()
        self.mix = conv1(inputs, outputs)
        # ECBSR's own start: the edges come in as training finds a use for them.
        self.scale = nn.Parameter(torch.randn(outputs) * 1e-3)
        self.bias = nn.Parameter(torch.randn(outputs) * 1e-3)
        self.register_buffer("mask", torch.tensor(EDGE_MASKS[mask], dtype=torch.float32), persistent=False)

    def forward(self) -> tuple[Tensor, Tensor]:
        return compose(self.mix, torch.diag(self.scale)[:, :, None, None] * self.get_buffer("mask"), self.bias)


def compose(first: nn.Conv2d, kernel: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
    """Kernel and bias of a 1x1 convolution followed by a 3x3 one, whose input is padded with the first one's bias."""
    mix = first.weight[:, :, 0, 0]
    return torch.einsum("omxy,mi->oixy", kernel, mix), bias + kernel.sum((2, 3)) @ bias_of(first)


def centred(kernel: Tensor) -> Tensor:
    """A kernel of at most 3x3 with zeros around it."""
    height, width = kernel.shape[-2:]
    rows, columns = (3 - height) // 2, (3 - width) // 2
    return functional.pad(kernel, (columns, columns, rows, rows))


def bias_of(convolution: nn.Conv2d) -> Tensor:
    """A convolution's bias, which it must have."""
    assert convolution.bias is not None
    return convolution.bias


# Branches by name, from the numbers of input and output channels.
BRANCHES: dict[str, Callable[[int, int], Branch]] = {
    "3x3": partial(Plain, kernel=(3, 3)),
    "1x3": partial(Plain, kernel=(1, 3)),
    "3x1": partial(Plain, kernel=(3, 1)),
    "1x1": partial(Plain, kernel=(1, 1)),
    "1x1_3x3": lambda inputs, outputs: ExpandThenConv(inputs, outputs, outputs),
    "1x1_3x3_double": lambda inputs, outputs: ExpandThenConv(inputs, outputs, 2 * outputs),
    "3x3_1x1_256": lambda inputs, outputs: ConvThenReduce(inputs, outputs, 256),
    **{mask: partial(Edge, mask=mask) for mask in EDGE_MASKS},
    "identity": lambda inputs, _: Identity(inputs),
}

# What networks train in place of a 3x3 convolution. Where the widths differ there is no identity.
KINDS: dict[str, tuple[str, ...]] = {
    "residual": ("3x3", "identity"),
    "beside_1x1": ("3x3", "1x1"),
    "collapsible": ("3x3_1x1_256", "identity"),
    "reconv3": ("3x3", "identity", "1x1_3x3"),
    "reduced_ecb": ("3x3", "1x1_3x3_double"),
    "ecb": ("3x3", "1x1_3x3_double", *EDGE_MASKS),
    "ecb_identity": ("3x3", "1x1_3x3_double", *EDGE_MASKS, "identity"),
    "repblock": ("3x3", "1x1_3x3_double", *EDGE_MASKS, "1x3", "3x1"),
    "edbb": ("3x3", "1x1", "1x1_3x3", *EDGE_MASKS, "identity"),
}


def convolution(kind: str) -> ConvFactory:
    """Makes 3x3 convolutions of a kind: `plain` (the released form) or one of `KINDS`.

    Raises:
        ResoluteError: there is no such kind.
    """
    if kind == "plain":
        return conv3
    if kind not in KINDS:
        raise ResoluteError(f"there is no convolution of kind '{kind}': {nearest(kind, ('plain', *KINDS))}")

    def make(inputs: int, outputs: int) -> nn.Module:
        names = [name for name in KINDS[kind] if name != "identity" or inputs == outputs]
        return Reparameterised([BRANCHES[name](inputs, outputs) for name in names])

    return make


def weight_normalised(network: nn.Module) -> nn.Module:
    """Put weight normalisation (Salimans and Kingma, NeurIPS 2016) on a network's trainable convolutions; it folds."""
    for module in list(network.modules()):
        if isinstance(module, nn.Conv2d) and module.weight.requires_grad:
            parametrizations.weight_norm(module)
    return network

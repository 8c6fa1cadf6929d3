"""ARM's supernet: one network whose weights hold those of narrower ones, and tables of what each of them reaches."""

import numpy as np
import torch
from torch import Tensor, nn

from resolute.methods.patchwise import PATCH
from resolute.models import create_model
from resolute.models.blocks import slicing
from resolute.models.blocks.post_upsampling import enlarge
from resolute.registry import Entry

BINS = 30  # of the edge score


class Bicubic(nn.Module):
    """The cheapest subnet: bicubic enlargement as torch does it (a = -0.75, no antialiasing), at no cost."""

    def __init__(self, scale: float) -> None:
        super().__init__()
        self.scale = scale

    def forward(self, lr: Tensor) -> Tensor:
        return enlarge(lr, self.scale, "bicubic")


class ARM(nn.Module):
    """The widest network, whose function this is, and the PSNR that every subnet reached at each score.

    Args:
        full: the widest network.
        subnets: how many there are, bicubic and the widest among them.

    Attributes:
        centres: of the bins of the edge score (B), float64, in 0..255.
        psnr: mean PSNR in dB of the patches of each bin by each subnet (J x B), float64.
    """

    centres: Tensor
    psnr: Tensor

    def __init__(self, full: nn.Module, subnets: int) -> None:
        super().__init__()
        self.full = full
        self.register_buffer("centres", torch.zeros(BINS, dtype=torch.float64))
        self.register_buffer("psnr", torch.zeros(subnets, BINS, dtype=torch.float64))

    def forward(self, lr: Tensor) -> Tensor:
        return self.full(lr)


def released(entry: Entry, scale: float) -> ARM:
    """The supernet of an entry in the form that is released, freshly initialised."""
    return ARM(fresh_subnet(entry, scale, -1), len(entry.experts))


def fresh_subnet(entry: Entry, scale: float, number: int) -> nn.Module:
    """A subnet by its number among the experts, a network of its own, freshly initialised."""
    entry.check_scale(scale)
    name = entry.experts[number]
    if name == "bicubic":
        return Bicubic(scale)
    return create_model(entry.model, scale, **{**entry.arguments, "width": int(name.removeprefix("width"))})


def subnet(entry: Entry, scale: float, number: int, supernet: ARM) -> nn.Module:
    """A subnet by its number among the experts, with its part of the supernet's weights."""
    return slicing.cut(supernet.full, fresh_subnet(entry, scale, number))


def costs(entry: Entry, scale: float) -> np.ndarray:
    """What a patch costs by each subnet (J), in the FLOPs that choices are made by: as the authors count them.

    Twice the multiply-adds of the layers that are trained, a transposed convolution's at its output size, and one for
    each slope of a PReLU.
    """
    with torch.device("meta"), torch.no_grad():
        return np.array([_flops(fresh_subnet(entry, scale, number)) for number in range(len(entry.experts))], float)


def _flops(network: nn.Module) -> int:
    found = []

    def see(layer: nn.Module, _inputs: object, output: Tensor) -> None:
        if isinstance(layer, (nn.Conv2d, nn.ConvTranspose2d)) and layer.weight.requires_grad:
            kernel = layer.kernel_size[0] * layer.kernel_size[1]
            found.append(2 * output.numel() * kernel * layer.in_channels // layer.groups)
        elif isinstance(layer, nn.PReLU):
            found.append(layer.weight.numel())

    for module in network.modules():
        module.register_forward_hook(see)
    network(torch.empty(1, 3, PATCH, PATCH))
    return sum(found)

"""WBSR's supernet: one network whose weights hold those of smaller ones, and where its classes of patches end."""

import re

import torch
from torch import Tensor, nn

from resolute.core.errors import ResoluteError
from resolute.methods.subnets import Subnet, subnets
from resolute.models import create_model
from resolute.registry import Entry


class WBSR(nn.Module):
    """The full network, whose function this is.

    Attributes:
        thresholds: of the gradient score, at the upper ends of all classes but the hardest (K - 1), float64.
    """

    thresholds: Tensor

    def __init__(self, full: nn.Module, classes: int) -> None:
        super().__init__()
        self.full = full
        self.register_buffer("thresholds", torch.zeros(classes - 1, dtype=torch.float64))

    def forward(self, lr: Tensor) -> Tensor:
        return self.full(lr)


def released(entry: Entry, scale: float) -> WBSR:
    """The supernet of an entry in the form that is released, freshly initialised."""
    entry.check_scale(scale)
    return WBSR(create_model(entry.model, scale, **entry.arguments), class_count(entry))


def class_count(entry: Entry) -> int:
    """K, the number of classes of patches, which an entry's options name; 10 in the paper (its appendix B)."""
    count = entry.options.get("classes")
    if len(entry.options) != 1 or type(count) is not int or count < 2:
        raise ResoluteError(f"{entry.name}: options is {{classes: K}}, the number of classes of patches, 2 or more")
    return count


def subnets_of(entry: Entry, scale: float) -> list[Subnet]:
    """All subnets of an entry at a scale, the cheapest first: its `experts`, w<width>d<depth>."""
    sizes = [re.fullmatch(r"w(\d+)d(\d+)", name) for name in entry.experts]
    if not sizes or not all(sizes):
        raise ResoluteError(f"the experts of {entry.name} must be called w<width>d<depth>, such as w36d4")
    widths, depths = (sorted({int(size[part]) for size in sizes if size}) for part in (1, 2))
    return subnets(entry, scale, widths, depths)

"""The subnets of a supernet: smaller networks of its kind on the leading corners of its weights.

WBSR (NeurIPS 2024, section 4) has nine, of three widths and three depths; ARM (ECCV 2022) has widths alone.
"""

import json
from collections.abc import Callable, Sequence
from functools import cache, partial

import torch
from torch import Tensor, nn

from resolute.metrics.counters import count_macs
from resolute.models import create_model
from resolute.models.blocks import slicing
from resolute.registry import Entry


class Subnet:
    """One of the networks that a supernet holds, of which it has the form and no weights.

    Args:
        name: how the registry, measurements and figures call it.
        build: makes the network by itself.
    """

    def __init__(self, name: str, build: Callable[[], nn.Module]) -> None:
        self.name, self.build = name, build
        with torch.device("meta"):
            self.form = build()

    def run(self, network: nn.Module, lr: Tensor) -> Tensor:
        """N x 3 x h x w to N x 3 x sh x sw with the supernet's weights, which gradients reach."""
        return slicing.run(network, self.form, lr)

    def cut(self, network: nn.Module) -> nn.Module:
        """The network by itself, with copies of its part of the supernet's weights; it gives the same bits as `run`."""
        return slicing.cut(network, self.build())

    def macs(self, height: int, width: int) -> int:
        """Multiply-adds on an LR image of height x width pixels."""
        return count_macs(lambda: self.form, height, width)


def subnets(entry: Entry, scale: float, widths: Sequence[int], blocks: Sequence[int] = ()) -> list[Subnet]:
    """All subnets of a method's network at a scale, the cheapest first, which is not the order of widths and depths.

    The cheapest of 32x32 LR pixels are so at every size, but not at every scale.

    Args:
        widths: of the subnets, values of the network's argument `width`.
        blocks: likewise of `blocks`, the depth; the network's own where there are none.

    Returns:
        Subnets that are called `w36d4`, or `w36` without depths.

    Raises:
        ResoluteError: a subnet is larger than the network.
    """
    return list(_subnets(entry.model, json.dumps(entry.arguments), scale, tuple(widths), tuple(blocks)))


@cache  # telling which is the cheapest counts each of them, which takes seconds of large networks
def _subnets(
    model: str, arguments: str, scale: float, widths: tuple[int, ...], blocks: tuple[int, ...]
) -> tuple[Subnet, ...]:
    own = json.loads(arguments)
    sizes = {f"w{width}": {"width": width} for width in widths}
    if blocks:
        sizes = {f"{name}d{depth}": {**size, "blocks": depth} for name, size in sizes.items() for depth in blocks}
    whole = Subnet("", partial(create_model, model, scale, **own))
    found = [Subnet(name, partial(create_model, model, scale, **{**own, **size})) for name, size in sizes.items()]
    for subnet in found:
        slicing.corners(whole.form, subnet.form)
    return tuple(sorted(found, key=lambda subnet: subnet.macs(32, 32)))

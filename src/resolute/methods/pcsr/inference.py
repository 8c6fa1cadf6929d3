"""How PCSR infers: every pixel by the decoder whose chance is worth its cost.

FLOPs as the authors count them are two for each multiply-add, two for each element that a batch norm gives and one for
each that a PReLU gives.
"""

import re
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from resolute import registry
from resolute.core.errors import ResoluteError
from resolute.methods.pixelwise import Choose, build, by_cost, cheapest, costs, pixel_upscaler
from resolute.methods.upscaled import Upscaled, Upscaler
from resolute.models.blocks.pixel_routing import greatest
from resolute.registry import Entry

__all__ = ["build", "cheapest", "shares", "upscaler"]

SIDE = 16  # LR pixels, of the image whose FLOPs weigh in the choice
ELEMENTS = {nn.BatchNorm2d: 2, nn.PReLU: 1}  # FLOPs of each element


def upscaler(entry: Entry, scale: float, weights: Path | None, device: str, setting: str = "") -> Upscaler:
    """The network with its weights.

    Args:
        setting: `k<k>`, at which each pixel takes the decoder of the greatest p / c^k, p the chance that the classifier
            gives it and c its share of the FLOPs; or the name of a decoder, which all pixels take, unclassified.
    """
    upscale = pixel_upscaler(entry, scale, weights, device, setting, _choice(entry, scale, setting))

    def counted(lr: np.ndarray) -> Upscaled:
        found = upscale(lr)
        assert found.macs is not None
        return replace(found, paper_flops=2 * found.macs + _elementwise(entry.name, scale, *lr.shape[:2]))

    return counted


def shares(entry: Entry, scale: float) -> list[float]:
    """What encoder and decoder take of the FLOPs for a small image, light and heavy: they add up to one."""
    flops = [
        2 * macs + _elementwise(entry.name, scale, SIDE, SIDE)
        for macs in costs(entry.name, scale, SIDE, SIDE, chooses=False)
    ]
    return [one / sum(flops) for one in flops]


def _choice(entry: Entry, scale: float, setting: str) -> Choose:
    if setting in entry.experts:
        return greatest
    found = re.fullmatch(r"k(\d+(?:\.\d+)?)", setting)
    if not found:
        known = f"give k and a number, or one of {', '.join(entry.experts)}"
        raise ResoluteError(f"{entry.name} has no setting '{setting}': {known}")
    return by_cost(shares(entry, scale), float(found[1]))


@cache
def _elementwise(name: str, scale: float, height: int, width: int) -> int:
    """FLOPs of the layers that do not multiply and add, which the encoder alone has; kept as `costs` are."""
    found = []

    def see(layer: nn.Module, _inputs: object, output: Tensor) -> None:
        found.append(ELEMENTS.get(type(layer), 0) * output.numel())

    with torch.device("meta"), torch.no_grad():
        encoder = build(registry.entry(name), scale).encoder.eval()
        for layer in encoder.modules():
            layer.register_forward_hook(see)
        encoder(torch.empty(1, 3, height, width))
    return sum(found)

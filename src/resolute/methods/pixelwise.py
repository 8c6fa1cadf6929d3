"""How methods infer that send every pixel to one of their decoder's heads: what PCSR and MoEISR share.

The experts of an entry are the heads. The multiply-adds of an image are those of the encoder, of the choice, and of
each pixel's own head.
"""

from collections.abc import Callable, Sequence
from functools import cache, partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from resolute import registry
from resolute.inference.prepare import prepare
from resolute.methods.network.form import released
from resolute.methods.network.inference import runner
from resolute.methods.upscaled import Upscaled, Upscaler
from resolute.methods.weights import load_weights
from resolute.metrics.counters import count_macs
from resolute.models.blocks.pixel_routing import PixelRouting, greatest
from resolute.registry import Entry

Choose = Callable[[Tensor], Tensor]
"""From the logits of an image's pixels (M x J) to the numbers of heads (M)."""


class Alone(nn.Module):
    """One head of a network, which every pixel takes and nothing chooses."""

    def __init__(self, network: PixelRouting, head: int) -> None:
        super().__init__()
        self.network, self.head = network, head

    def forward(self, lr: Tensor) -> Tensor:
        return self.network.alone(lr, self.head)


def build(entry: Entry, scale: float) -> PixelRouting:
    """The network of an entry as it is released, freshly initialised."""
    network = released(entry, scale)
    assert isinstance(network, PixelRouting)
    return network


def assuming(entry: Entry, scale: float, head: int) -> PixelRouting:
    """The same, of which counters see that every pixel chooses this head."""
    network = build(entry, scale)
    network.assumed = head
    return network


def cheapest(entry: Entry, scale: float) -> PixelRouting:
    """The network, whose pixels choose the cheapest head on the meta device."""
    return assuming(entry, scale, 0)


def alone(entry: Entry, scale: float, head: int) -> Alone:
    """One head of the network, freshly initialised."""
    return Alone(build(entry, scale), head)


def by_cost(costs: Sequence[float], power: float) -> Choose:
    """The head of the greatest p / c^power, p its chance and c its cost: as PCSR weighs them; the first on a tie."""
    # By logarithms, where the chances' sum is the same for all heads.
    less = power * torch.tensor(costs, dtype=torch.float32).log()
    return lambda logits: greatest(logits - less.to(logits))


@cache
def costs(name: str, scale: float, height: int, width: int, chooses: bool) -> tuple[int, ...]:
    """Multiply-adds of an LR image by each head of a method alone; with those of the choice where a pixel has one.

    Kept for the process: an image is upscaled at several settings, and counting takes as long.
    """
    entry, counted = registry.entry(name), assuming if chooses else alone
    return tuple(count_macs(partial(counted, entry, scale, head), height, width) for head in range(len(entry.experts)))


def pixel_upscaler(
    entry: Entry, scale: float, weights: Path | None, device: str, setting: str, choose: Choose
) -> Upscaler:
    """Upscales images, each pixel by the head that is chosen for it, or by the one whose name the setting is.

    Args:
        choose: what counts at any other setting.
    """
    network = build(entry, scale)
    if weights is not None:
        load_weights(network, weights)
    network.choose = choose
    fixed = entry.experts.index(setting) if setting in entry.experts else None
    ready = prepare(network, device)
    assert isinstance(ready, PixelRouting)
    upscale = runner(entry, ready if fixed is None else Alone(ready, fixed), device)

    def routing(lr: np.ndarray) -> Upscaled:
        sr = upscale(lr).sr
        chosen = torch.full(sr.shape[:2], fixed, dtype=torch.uint8) if fixed is not None else ready.routes
        assert chosen is not None
        routes = chosen.cpu().numpy()
        each = costs(entry.name, scale, lr.shape[0], lr.shape[1], fixed is None)
        times = np.bincount(routes.ravel(), minlength=len(each)).tolist()
        return Upscaled(
            sr,
            # What all heads share is a part of each cost, and the rest goes by the pixel: nothing remains.
            macs=sum(cost * count for cost, count in zip(each, times, strict=True)) // routes.size,
            full_macs=max(each),
            chosen={"pixels": dict(zip(entry.experts, times, strict=True))},
            routes=routes,
            costs=dict(zip(entry.experts, each, strict=True)),
        )

    return routing

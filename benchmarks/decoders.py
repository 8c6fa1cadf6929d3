"""What decoding pixel by pixel takes: a dense decoder against its plain evaluation, routed ones against their promise.

    .venv/bin/python benchmarks/decoders.py --threads 1

LIIF's decoder with fresh weights (time does not depend on them) reads all pixels of one image at x4, from features that
are there. The plain evaluation is the authors' way: the features are unfolded for every chunk of 30,000 queries, and
each of the four passes reads them whole. A routed decoder has its pixels spread evenly over its experts, neighbours
apart, which is the worst case for memory; its mapper and the choice are in its time. It keeps its promise where its
share of the dense decoder's time is at most 1.25 times its share of the multiply-adds. All take turns in random order;
the time of each is the median of its rounds.
"""

import argparse
import random
import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from resolute import methods, registry
from resolute.inference.prepare import prepare
from resolute.metrics.counters import count_macs

DENSE = "liif_edsr"
ROUTED = ("moeisr_liif_edsr", "moeisr_liif_edsr_half")
PLAIN_TARGET, PROMISE_TARGET = 1.5, 1.25


class Given(nn.Module):
    """Features that are there already."""

    def __init__(self, features: Tensor) -> None:
        super().__init__()
        self.width = features.shape[1]
        self.features = features

    def forward(self, lr: Tensor) -> Tensor:
        return self.features


def evenly(logits: Tensor) -> Tensor:
    """Every expert as often as the others, neighbours different ones."""
    return torch.arange(len(logits)) % logits.shape[1]


def decoding(name: str, scale: float, side: int, quick: bool) -> Callable[[], Tensor]:
    """Decodes all pixels of an SR image."""
    network: Any = methods.build(name, scale).eval()
    network.encoder = Given(torch.randn(1, network.encoder.width, side, side))
    if registry.entry(name).experts:
        network.choose = evenly
    network = prepare(network, "cpu") if quick else network
    lr = torch.rand(1, 3, side, side)
    return lambda: network(lr)


def decoder_macs(name: str, scale: float, side: int) -> float:
    """Of the decoder and of what chooses, with the pixels spread evenly."""
    entry = registry.entry(name)

    def made(number: int) -> nn.Module:
        network: Any = methods.build(name, scale)
        network.encoder = Given(torch.empty(1, network.encoder.width, side, side, device="meta"))
        network.assumed = number
        return network

    experts = range(max(1, len(entry.experts)))
    return statistics.mean(count_macs(partial(made, number), side, side) for number in experts)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--side", type=int, default=48, help="of the LR image (default: 48)")
    parser.add_argument("--scale", type=float, default=4)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=11)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    size = arguments.scale, arguments.side
    runs = {"plain": decoding(DENSE, *size, quick=False), DENSE: decoding(DENSE, *size, quick=True)}
    runs |= {name: decoding(name, *size, quick=True) for name in ROUTED}
    times: dict[str, list[float]] = {name: [] for name in runs}
    with torch.inference_mode():
        for _ in range(arguments.rounds + 1):
            for name in random.sample(list(runs), len(runs)):
                start = time.perf_counter()
                runs[name]()
                times[name].append(time.perf_counter() - start)
    seconds = {name: statistics.median(one[1:]) for name, one in times.items()}
    print(f"{arguments.side}x{arguments.side} LR, x{arguments.scale:g}, {arguments.threads} threads")
    gain = seconds["plain"] / seconds[DENSE]
    print(f"{DENSE}: {seconds['plain']:.3f} s plain, {seconds[DENSE]:.3f} s: {gain:.2f} times as fast", end="")
    print("" if gain >= PLAIN_TARGET else f"  below {PLAIN_TARGET}")
    dense = decoder_macs(DENSE, *size)
    for name in ROUTED:
        promised, taken = decoder_macs(name, *size) / dense, seconds[name] / seconds[DENSE]
        kept = "" if taken <= PROMISE_TARGET * promised else f"  above {PROMISE_TARGET}"
        shares = f"{promised:.1%} of the multiply-adds, {taken:.1%} of the time: {taken / promised:.2f} times"
        print(f"{name}: {seconds[name]:.3f} s, {shares}{kept}")


if __name__ == "__main__":
    main()

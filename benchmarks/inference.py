"""CPU time of every NTIRE 2022 network as it is prepared for inference, beside plain eager execution.

    .venv/bin/python -m benchmarks.inference --methods rlfn_team04 nlffc_team02

Plain is the network as it was released, with the channels first, under no_grad. Each form has a process of its own,
as preparing changes how a process keeps memory; both get the same weights and image. They take turns in random order,
so that other load and a drifting clock meet them alike, and CPU time (of the process, not the wall) is compared. The
ratio is the median over the rounds of plain / prepared.

What is left says why it is no more. `share` is what of the prepared time are convolutions and linear layers: preparing
saves what is between them. `of peak` is their multiply-adds a second beside the most that oneDNN reaches in the same
process, for a product of square matrices or a wide 3x3 convolution. `at most` is the ratio if they ran at that peak and
everything else took no time.
"""

import argparse
import re
import statistics
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils._python_dispatch import TorchDispatchMode

from benchmarks.turns import take_turns
from resolute import methods, registry
from resolute.core.devices import device_name
from resolute.inference.prepare import prepare

FORMS = ("plain", "prepared")
SCALE = 4
PASSES = 3  # of those whose products are timed


def serve(form: str, name: str, size: tuple[int, int], threads: int, pipe: Connection) -> None:
    """Send the SR image, then at every request the milliseconds of CPU time of one more forward pass."""
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    network = methods.build(name, SCALE).eval()
    lr = torch.rand(1, 3, size[1], size[0]) * registry.entry(name).data_range
    if form == "prepared":
        network = prepare(network, "cpu")
        lr = lr.contiguous(memory_format=torch.channels_last)
    with torch.no_grad() if form == "plain" else torch.inference_mode():
        pipe.send((network(lr).numpy(), products_of(network, lr)))
        while pipe.recv():
            start = time.process_time()
            network(lr)
            pipe.send(1000 * (time.process_time() - start))


class ProductClock(TorchDispatchMode):
    """Sums up the CPU seconds and the multiply-adds of convolutions and linear layers."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds, self.macs = 0.0, 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        start = time.process_time()
        given = func(*args, **(kwargs or {}))
        spent = time.process_time() - start
        if re.search("conv|(?<!bi)linear", str(func)):
            self.seconds += spent
            # The weight comes last but for the bias; every number of the result takes what it has for one channel.
            weight = [arg for arg in args if isinstance(arg, Tensor) and arg.dim() > 1][-1]
            self.macs += given.numel() * weight.shape[1:].numel()
        return given


def products_of(network: nn.Module, lr: Tensor) -> dict[str, float]:
    """Of a forward pass: the share of products in its CPU time, 10^9 of their multiply-adds, these a second, and the
    most a second that this process reaches.
    """
    shares, rates = [], []
    for _ in range(PASSES):
        start = time.process_time()
        with ProductClock() as clock:
            network(lr)
        shares.append(clock.seconds / (time.process_time() - start))
        rates.append(clock.macs / clock.seconds / 1e9)
    return {"share": statistics.median(shares), "gmacs": clock.macs / 1e9, "rate": max(rates), "peak": peak()}


def peak() -> float:
    """10^9 multiply-adds a second: the most of oneDNN, for a product of square matrices or a wide 3x3 convolution."""
    matrix = torch.rand(1024, 1024)
    packed = torch.ops.mkldnn._reorder_linear_weight(matrix, None)
    x, weight = (
        torch.rand(shape).contiguous(memory_format=torch.channels_last)
        for shape in ((1, 256, 32, 32), (256, 256, 3, 3))
    )
    works: list[tuple[Callable[[], Tensor], int]] = [
        (lambda: torch.ops.mkldnn._linear_pointwise(matrix, packed, None, "none", [], ""), 1024**3),
        (lambda: functional.conv2d(x, weight, padding=1), 256 * 256 * 9 * 32 * 32),
    ]
    most = 0.0
    for work, macs in works:
        for _ in range(10):
            start = time.process_time()
            work()
            most = max(most, macs / (time.process_time() - start) / 1e9)
    return most


def compare(name: str, size: tuple[int, int], threads: int, rounds: int) -> dict[str, float]:
    """Median milliseconds of each form, median ratio, largest difference over the range of the output, and of the
    prepared form what products take.
    """
    made, times = take_turns(serve, FORMS, (name, size, threads), rounds)
    (plain, _), (prepared, products) = (made[form] for form in FORMS)
    medians = {form: statistics.median(times[form]) for form in FORMS}
    return {
        **medians,
        "ratio": statistics.median(a / b for a, b in zip(times["plain"], times["prepared"], strict=True)),
        "difference": float(np.abs(plain - prepared).max() / np.ptp(plain)),
        "share": products["share"],
        "rate": products["rate"],
        "of peak": products["rate"] / products["peak"],
        "at most": medians["plain"] * products["peak"] / products["gmacs"] / 1000,
    }


def main() -> None:
    entries = {name: registry.entry(name) for name in registry.names()}
    challenge = [name for name, entry in entries.items() if entry.family == "ntire2022" and entry.model]
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--methods", nargs="+", default=challenge, help="default: all of NTIRE 2022")
    parser.add_argument("--lr-size", default="128x128", help="width x height of the image (default: 128x128)")
    parser.add_argument("--threads", type=int, default=1, help="of each process (default: 1)")
    parser.add_argument("--rounds", type=int, default=9, help="timed passes of each form (default: 9)")
    arguments = parser.parse_args()
    width, height = (int(side) for side in arguments.lr_size.split("x"))
    print(f"{device_name('cpu')}, {arguments.threads} threads, torch {torch.__version__}, LR {width}x{height}, CPU ms")
    heads = f"{'plain':>9}{'prepared':>10}{'ratio':>7}{'share':>7}{'GMAC/s':>8}{'of peak':>9}{'at most':>9}"
    print(f"{'':22}{heads}  difference / range")
    ratios = []
    for name in arguments.methods:
        found = compare(name, (width, height), arguments.threads, arguments.rounds)
        ratios.append(found["ratio"])
        times = f"{found['plain']:9.1f}{found['prepared']:10.1f}{found['ratio']:7.2f}"
        left = f"{found['share']:7.0%}{found['rate']:8.1f}{found['of peak']:9.0%}{found['at most']:9.2f}"
        print(f"{name:22}{times}{left}  {found['difference']:.1e}", flush=True)
    print(f"{'geometric mean':41}{statistics.geometric_mean(ratios):7.2f}  least {min(ratios):.2f}")


if __name__ == "__main__":
    main()

"""CPU time of every NTIRE 2022 network as it is prepared for inference, beside plain eager execution.

    .venv/bin/python -m benchmarks.inference --methods rlfn_team04 nlffc_team02

Plain is the network as it was released, with the channels first, under no_grad. Each form has a process of its own,
as preparing changes how a process keeps memory; both get the same weights and image. They take turns in random order,
so that other load and a drifting clock meet them alike, and CPU time (of the process, not the wall) is compared. The
ratio is the median over the rounds of plain / prepared. What of the prepared time are convolutions, and how many
multiply-adds it does a second, says what is left: oneDNN computes them in both forms, and preparing saves what is
between them.
"""

import argparse
import statistics
import time
from multiprocessing.connection import Connection

import numpy as np
import torch
from torch import Tensor, nn
from torch.autograd.profiler import profile

from benchmarks.turns import take_turns
from resolute import methods, registry
from resolute.core.devices import device_name
from resolute.inference.prepare import prepare
from resolute.metrics.counters import count_macs

FORMS = ("plain", "prepared")
SCALE = 4


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
        pipe.send((network(lr).numpy(), share_of_convolutions(network, lr)))
        while pipe.recv():
            start = time.process_time()
            network(lr)
            pipe.send(1000 * (time.process_time() - start))


def share_of_convolutions(network: nn.Module, lr: Tensor) -> float:
    """What of the CPU time of a forward pass is spent in convolutions, with what they are fused with."""
    with profile(use_kineto=False) as profiler:
        network(lr)
    spent = {event.key: event.self_cpu_time_total for event in profiler.key_averages()}
    return sum(time for key, time in spent.items() if "conv" in key) / sum(spent.values())


def compare(name: str, size: tuple[int, int], threads: int, rounds: int) -> dict[str, float]:
    """Median milliseconds of each form, median ratio, largest difference over the range of the output, and of the
    prepared form the share of convolutions and 10^9 multiply-adds a second.
    """
    made, times = take_turns(serve, FORMS, (name, size, threads), rounds)
    (plain, _), (prepared, share) = (made[form] for form in FORMS)
    medians = {form: statistics.median(times[form]) for form in FORMS}
    macs = count_macs(lambda: methods.build(name, SCALE), size[1], size[0])
    return {
        **medians,
        "ratio": statistics.median(a / b for a, b in zip(times["plain"], times["prepared"], strict=True)),
        "difference": float(np.abs(plain - prepared).max() / np.ptp(plain)),
        "convolutions": share,
        "rate": macs / medians["prepared"] / 1e6,
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
    print(f"{'':22}{'plain':>9}{'prepared':>10}{'ratio':>7}{'convolutions':>14}{'GMAC/s':>8}  difference / range")
    ratios = []
    for name in arguments.methods:
        found = compare(name, (width, height), arguments.threads, arguments.rounds)
        ratios.append(found["ratio"])
        times = f"{found['plain']:9.1f}{found['prepared']:10.1f}{found['ratio']:7.2f}"
        rest = f"{found['convolutions']:14.0%}{found['rate']:8.1f}  {found['difference']:.1e}"
        print(f"{name:22}{times}{rest}", flush=True)
    print(f"{'geometric mean':41}{statistics.geometric_mean(ratios):7.2f}  least {min(ratios):.2f}")


if __name__ == "__main__":
    main()

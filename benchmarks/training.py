"""CPU time of a training step as it is done here, beside plain PyTorch, and where it goes.

    .venv/bin/python -m benchmarks.training --methods rlfn_team04 pan
    .venv/bin/python -m benchmarks.training --compiled
    .venv/bin/python -m benchmarks.training --processes

Both take the same batch (16 patches of 48x48 LR pixels, an L1 loss, Adam, a moving average), start from the same
weights and use deterministic algorithms. Plain is what these few lines are in PyTorch: channels first, its own Adam,
memory as glibc keeps it. Each form has a process of its own, they take turns in random order, and CPU time (of the
process, not the wall) is compared: the ratio is the median over the rounds of plain / here. Drawing a batch is not
part of it: a thread does that while the step before is computed.

`--compiled` has torch.compile make the network of `here` too, and says what that took (CPU time of the first step
beyond a later one, the compiler's with it, nothing cached) and after how many steps it has paid. `--processes` compares
the step of one process of two threads with that of two of one thread, half the batch each, whose gradients are averaged
(DistributedDataParallel, gloo), by the clock.
"""

import argparse
import multiprocessing
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from typing import Any

import numpy as np
import torch
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel
from torch.nn.utils import convert_conv2d_weight_memory_format
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from benchmarks.turns import take_turns
from resolute import methods, registry
from resolute.core.devices import device_name
from resolute.core.layout import Span
from resolute.methods.learner import Learner
from resolute.methods.optimisers import OPTIMISERS
from resolute.methods.pairs import Pairs
from resolute.methods.plan import make_plan
from resolute.train.fabric import launch

PARTS = ("forward", "backward", "optimiser", "average")
METHODS = ["rlfn_team04", "imdn_baseline", "pan", "bsrn", "shufflemixer"]
SCALE = 4
PATCHES, LR_SIZE = 16, 48
PLAN = {"iterations": 1000, "learning_rate": 5e-4, "ema": 0.999, "batch_size": PATCHES, "lr_patch_size": LR_SIZE}


def serve(form: str, name: str, threads: int, pipe: Connection) -> None:
    """Send loss and CPU seconds of the first step, then at every request the CPU seconds of the parts of one more."""
    step = prepare(form, name, threads)
    began = spent()
    loss = step()[0]
    pipe.send((loss, spent() - began))
    while pipe.recv():
        pipe.send(step()[1])


def prepare(form: str, name: str, threads: int, patches: int = PATCHES) -> Callable[[], tuple[float, np.ndarray]]:
    """A training step of a form: it gives the loss, and the seconds of CPU time of its parts."""
    plan, entry = make_plan(PLAN, {}, name), registry.entry(name)
    phase = plan.phases[0]
    if form != "plain":
        launch({"devices": 1, "precision": "32-true", "threads": threads})
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(True)
    torch.manual_seed(0)
    learner: Learner = methods.training(entry).learner(entry, Span.at(SCALE), plan)
    optimiser: Any = torch.optim.Adam(learner.parameters(), lr=phase.learning_rate)
    if form != "plain":
        convert_conv2d_weight_memory_format(learner.network, torch.channels_last)
        optimiser = OPTIMISERS.function(phase.optimiser)(learner.parameters(), phase.learning_rate)
    average = AveragedModel(learner.network, multi_avg_fn=get_ema_multi_avg_fn(phase.ema))
    batch = random_pairs(patches)
    if form == "compiled":
        compile_anew(learner.network)
    module = DistributedDataParallel(learner) if distributed.is_initialized() else learner

    def step() -> tuple[float, np.ndarray]:
        clock = [time.process_time()]
        loss = module(batch, phase)[phase.loss.name]
        clock.append(time.process_time())
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        clock.append(time.process_time())
        optimiser.step()
        clock.append(time.process_time())
        average.update_parameters(learner.network)
        clock.append(time.process_time())
        return loss.item(), np.diff(clock)

    return step


def spent() -> float:
    """Seconds of CPU time of this process and of those that it has waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def compile_anew(network: nn.Module) -> None:
    """Have a network compiled at its first call, in this process and whatever has been compiled before."""
    from torch._inductor import config

    config.force_disable_caches, config.compile_threads = True, 1
    network.compile()


def by_clock(name: str, processes: int, rounds: int) -> float:
    """The median seconds of a step on two cores, of one process of two threads or two of one."""
    times: Any = multiprocessing.get_context("spawn").SimpleQueue()
    with tempfile.TemporaryDirectory() as folder:
        arguments = (name, processes, rounds, f"file://{folder}/meeting", times)
        torch.multiprocessing.spawn(take_part, arguments, processes)
    return statistics.median(times.get())


def take_part(rank: int, name: str, processes: int, rounds: int, meeting: str, times: Any) -> None:
    """One of the processes: its share of every step's batch; the first one says what the steps took."""
    if processes > 1:
        distributed.init_process_group("gloo", init_method=meeting, rank=rank, world_size=processes)
    step = prepare("here", name, 2 // processes, PATCHES // processes)
    clock = []
    for _ in range(rounds + 1):
        step()
        clock.append(time.perf_counter())
    if rank == 0:
        times.put(np.diff(clock).tolist())


def random_pairs(patches: int) -> Pairs:
    """A batch of random pixels, the same for every form."""
    pixels = np.random.default_rng(0)
    lr, hr = (pixels.integers(0, 256, (patches, side, side, 3), dtype=np.uint8) for side in (LR_SIZE, LR_SIZE * SCALE))
    return Pairs(torch.from_numpy(lr), torch.from_numpy(hr))


def compare(arguments: argparse.Namespace) -> None:
    """Print what the steps of plain PyTorch and those here take of the processor, and of compiled ones if asked to."""
    forms = ("plain", "here", "compiled") if arguments.compiled else ("plain", "here")
    more = f"{'compiled':>10}{'ratio':>7}{'compiling':>11}{'pays after':>12}" if arguments.compiled else ""
    print(f"{device_name('cpu')}, {arguments.threads} threads, torch {torch.__version__}, CPU seconds of a step")
    print(
        f"{'':16}{'plain':>8}{'here':>8}{'ratio':>7}{''.join(f'{part:>11}' for part in PARTS)}  loss differs by{more}"
    )
    ratios = []
    for name in arguments.methods:
        first, times = take_turns(serve, forms, (name, arguments.threads), arguments.rounds)
        totals = {form: [parts.sum() for parts in times[form]] for form in forms}
        ratios.append(median_ratio(totals["plain"], totals["here"]))
        plain, here, *compiled = (statistics.median(totals[form]) for form in forms)
        shares = np.median(times["here"], axis=0) / here
        columns = "".join(f"{share:11.1%}" for share in shares)
        losses = {form: loss for form, (loss, _) in first.items()}
        columns += f"{abs(losses['plain'] - losses['here']) / losses['plain']:17.1e}"
        if compiled:
            compiling = first["compiled"][1] - first["here"][1]
            gain = here - compiled[0]
            columns += f"{compiled[0]:10.3f}{median_ratio(totals['here'], totals['compiled']):7.2f}{compiling:9.0f} s"
            columns += f"{compiling / gain:6.0f} steps" if gain > 0 else f"{'never':>12}"
        print(f"{name:16}{plain:8.3f}{here:8.3f}{ratios[-1]:7.2f}{columns}", flush=True)
    print(f"{'geometric mean':32}{statistics.geometric_mean(ratios):7.2f}  least {min(ratios):.2f}")


def median_ratio(before: Sequence[float], after: Sequence[float]) -> float:
    """How many times as fast what came after is, round by round."""
    return statistics.median(a / b for a, b in zip(before, after, strict=True))


def compare_processes(arguments: argparse.Namespace) -> None:
    """Print how soon one process of two threads and two of one have trained on as many patches."""
    print(f"{device_name('cpu')}, torch {torch.__version__}, patches a second by the clock")
    print(f"{'':16}{'two threads':>13}{'two processes':>15}{'ratio':>7}")
    for name in arguments.methods:
        threads, processes = (PATCHES / by_clock(name, count, arguments.rounds) for count in (1, 2))
        print(f"{name:16}{threads:13.1f}{processes:15.1f}{processes / threads:7.2f}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--methods", nargs="+", default=METHODS, help=f"default: {' '.join(METHODS)}")
    parser.add_argument("--threads", type=int, default=1, help="of each process (default: 1)")
    parser.add_argument("--rounds", type=int, default=5, help="timed steps of each form (default: 5)")
    parser.add_argument("--compiled", action="store_true", help="compare the networks compiled by torch, too")
    parser.add_argument("--processes", action="store_true", help="compare two processes with two threads instead")
    arguments = parser.parse_args()
    (compare_processes if arguments.processes else compare)(arguments)


if __name__ == "__main__":
    main()

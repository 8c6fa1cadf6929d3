"""CPU time of a training step as it is done here, beside plain PyTorch, and where it goes.

    .venv/bin/python -m benchmarks.training --methods rlfn_team04 pan

Both take the same batch (16 patches of 48x48 LR pixels, an L1 loss, Adam, a moving average), start from the same
weights and use deterministic algorithms. Plain is what these few lines are in PyTorch: channels first, its own Adam,
memory as glibc keeps it. Each form has a process of its own, they take turns in random order, and CPU time (of the
process, not the wall) is compared: the ratio is the median over the rounds of plain / here. Drawing a batch is not
part of it: a thread does that while the step before is computed.
"""

import argparse
import statistics
import time
from multiprocessing.connection import Connection
from typing import Any

import numpy as np
import torch
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

FORMS = ("plain", "here")
PARTS = ("forward", "backward", "optimiser", "average")
METHODS = ["rlfn_team04", "imdn_baseline", "pan", "bsrn", "shufflemixer"]
SCALE = 4
PATCHES, LR_SIZE = 16, 48
PLAN = {"iterations": 1000, "learning_rate": 5e-4, "ema": 0.999, "batch_size": PATCHES, "lr_patch_size": LR_SIZE}


def serve(form: str, name: str, threads: int, pipe: Connection) -> None:
    """Send the loss of the first step, then at every request the seconds of CPU time of the parts of one more."""
    plan, entry = make_plan(PLAN, {}, name), registry.entry(name)
    phase = plan.phases[0]
    if form == "here":
        launch({"devices": 1, "precision": "32-true", "threads": threads})
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(True)
    torch.manual_seed(0)
    learner: Learner = methods.training(entry).learner(entry, Span.at(SCALE), plan)
    optimiser: Any = torch.optim.Adam(learner.parameters(), lr=phase.learning_rate)
    if form == "here":
        convert_conv2d_weight_memory_format(learner.network, torch.channels_last)
        optimiser = OPTIMISERS.function(phase.optimiser)(learner.parameters(), phase.learning_rate)
    average = AveragedModel(learner.network, multi_avg_fn=get_ema_multi_avg_fn(phase.ema))
    batch = random_pairs()

    def step() -> tuple[float, np.ndarray]:
        clock = [time.process_time()]
        loss = learner(batch, phase)[phase.loss.name]
        clock.append(time.process_time())
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        clock.append(time.process_time())
        optimiser.step()
        clock.append(time.process_time())
        average.update_parameters(learner.network)
        clock.append(time.process_time())
        return loss.item(), np.diff(clock)

    pipe.send(step()[0])
    while pipe.recv():
        pipe.send(step()[1])


def random_pairs() -> Pairs:
    """A batch of random pixels, the same for every form."""
    pixels = np.random.default_rng(0)
    lr, hr = (pixels.integers(0, 256, (PATCHES, side, side, 3), dtype=np.uint8) for side in (LR_SIZE, LR_SIZE * SCALE))
    return Pairs(torch.from_numpy(lr), torch.from_numpy(hr))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--methods", nargs="+", default=METHODS, help=f"default: {' '.join(METHODS)}")
    parser.add_argument("--threads", type=int, default=1, help="of each process (default: 1)")
    parser.add_argument("--rounds", type=int, default=5, help="timed steps of each form (default: 5)")
    arguments = parser.parse_args()
    print(f"{device_name('cpu')}, {arguments.threads} threads, torch {torch.__version__}, CPU seconds of a step")
    print(f"{'':16}{'plain':>8}{'here':>8}{'ratio':>7}{''.join(f'{part:>11}' for part in PARTS)}  loss differs by")
    ratios = []
    for name in arguments.methods:
        losses, times = take_turns(serve, FORMS, (name, arguments.threads), arguments.rounds)
        totals = {form: [parts.sum() for parts in times[form]] for form in FORMS}
        ratios.append(statistics.median(a / b for a, b in zip(totals["plain"], totals["here"], strict=True)))
        plain, here = (statistics.median(totals[form]) for form in FORMS)
        shares = np.median(times["here"], axis=0) / here
        columns = "".join(f"{share:11.1%}" for share in shares)
        difference = abs(losses["plain"] - losses["here"]) / losses["plain"]
        print(f"{name:16}{plain:8.3f}{here:8.3f}{ratios[-1]:7.2f}{columns}  {difference:.1e}", flush=True)
    print(f"{'geometric mean':32}{statistics.geometric_mean(ratios):7.2f}  least {min(ratios):.2f}")


if __name__ == "__main__":
    main()

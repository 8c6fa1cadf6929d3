"""One training by the project's own loop, on the pixels of the pack."""

import torch

from benchmarks.gpu.forms import BF16, TF32, allow_tf32
from benchmarks.gpu.pixels import SCALE, TRAINING_SET, install_training_set
from benchmarks.gpu.place import Setup, enter_project
from resolute.core import layout
from resolute.methods.plan import Plan, make_plan
from resolute.train import train

PATCHES = 16  # in a step, as many papers have it


def weights_of(method: str, name: str) -> layout.Weights:
    return layout.Weights(method, layout.Span.at(SCALE), f"{name}-seed0")


def plan(method: str, iterations: int, smoke: bool) -> Plan:
    """Patches of 48 x 48 LR pixels, an L1 loss, Adam."""
    size = {"batch_size": 2, "lr_patch_size": 16} if smoke else {"batch_size": PATCHES, "lr_patch_size": 48}
    return make_plan({"iterations": iterations, "learning_rate": 5e-4, "ema": 0.999, **size}, {}, method)


def train_once(setup: Setup, method: str, name: str, iterations: int, form: str, checkpoint_every: int) -> None:
    """Train in this process, or go on from its checkpoint; the weights are those of `weights_of`."""
    enter_project(setup.project)
    install_training_set(setup)
    allow_tf32(form == TF32)
    precision = "bf16-mixed" if form == BF16 else "32-true"
    settings = {"devices": 1, "precision": precision, "threads": torch.get_num_threads()}
    wanted = weights_of(method, name)
    train(wanted, 0, plan(method, iterations, setup.smoke), TRAINING_SET, settings, checkpoint_every)

"""CPU time of a training step of the project's own loop, beside BasicSR's, drawing and augmenting of patches included.

    .venv/bin/python -m benchmarks.beside_basicsr --methods rlfn_team04 pan

For a project that has been run, where `import basicsr` works; it is no dependency (1.4.2 wants opencv, lmdb, addict,
future, requests, tqdm and yapf besides). Both train the same network on the same images: 16 patches of the size that
the project has, flips and turns, an L1 loss, Adam, a moving average. BasicSR does it as its documentation and its
`train.py` have it: `SRModel`, and `PairedImageDataset` from PNG files of sub-images, read in the process itself. The
project does it with its pack of pixels, deterministic. Each has a process of its own, they take turns in random order,
and CPU time (of the process, not the wall) is compared.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import torch
import yaml
from PIL import Image

from benchmarks.gpu.place import enter_project
from benchmarks.turns import take_turns
from resolute import methods
from resolute.core import layout
from resolute.core.devices import device_name
from resolute.images.pack import Pack, open_pack
from resolute.methods.plan import make_plan
from resolute.train import loop, train
from resolute.train.draws import Draws

FORMS = ("basicsr", "here")
METHODS = ["rlfn_team04", "imdn_baseline", "pan", "bsrn", "shufflemixer"]
SCALE, PATCHES, SUB_IMAGE = 4, 16, 480
TORCHVISION = ["", ".models", ".models.vgg", ".ops", ".utils", ".transforms"]
TORCHVISION += [".transforms.functional", ".transforms.functional_tensor"]
ENDLESS = 10**8  # steps: the other process says when it is enough
RATE, DECAY = 5e-4, 0.999
OPTIONS = """
model_type: SRModel
num_gpu: 0
is_train: true
dist: false
scale: 4
network_g: {type: Benchmarked}
path: {pretrain_network_g: null}
train:
  ema_decay: 0.999
  optim_g: {type: Adam, lr: 0.0005, betas: [0.9, 0.99]}
  scheduler: {type: MultiStepLR, milestones: [100000000], gamma: 0.5}
  pixel_opt: {type: L1Loss, loss_weight: 1.0, reduction: mean}
dataset:
  name: patches
  type: PairedImageDataset
  phase: train
  scale: 4
  dataroot_gt: FOLDER/hr
  dataroot_lq: FOLDER/lr
  filename_tmpl: "{}"
  io_backend: {type: disk}
  gt_size: GT_SIZE
  use_hflip: true
  use_rot: true
  batch_size_per_gpu: 16
  num_worker_per_gpu: 0
"""


def serve(form: str, name: str, dataset: str, threads: int, pipe: Connection) -> None:
    """At every request, send the seconds of CPU time of one more step; the first one is no measurement."""
    pack = open_pack(dataset, SCALE)
    torch.set_num_threads(threads)
    with tempfile.TemporaryDirectory() as folder, suppress(EnoughError):
        (train_here if form == "here" else train_by_basicsr)(name, pack, Path(folder), pipe)


class EnoughError(Exception):
    """The other process wants no more steps."""


def between_steps(batches: Iterator[Any], pipe: Connection) -> Iterator[Any]:
    """The batches, each when it is asked for, with the time from then until the next one is wanted."""
    began = 0.0
    for number, batch in enumerate(batches):
        if number:
            pipe.send(time.process_time() - began)
            if not pipe.recv():
                raise EnoughError
        began = time.process_time()
        yield batch


def train_here(name: str, pack: Pack, folder: Path, pipe: Connection) -> None:
    class Timed(Draws):
        def from_step(self, first: int) -> Iterator[Any]:
            return between_steps(super().from_step(first), pipe)

    enter_project(folder)
    loop.Draws, loop.open_pack = Timed, lambda *_: pack  # type: ignore[misc]
    wanted = layout.Weights(name, layout.Span.at(SCALE), "benchmark-seed0")
    index = layout.training_data("patches", wanted.span)
    index.parent.mkdir(parents=True)
    index.touch()
    size = {"iterations": ENDLESS, "batch_size": PATCHES, "lr_patch_size": pack.lr_size}
    plan = make_plan({"learning_rate": RATE, "ema": DECAY, **size}, {}, name)
    settings = {"devices": 1, "precision": "32-true", "threads": torch.get_num_threads()}
    train(wanted, 0, plan, "patches", settings, ENDLESS)


def train_by_basicsr(name: str, pack: Pack, folder: Path, pipe: Connection) -> None:
    # Parts of BasicSR that are not used here import torchvision, of it modules that newer versions lack.
    sys.modules |= {f"torchvision{name}": MagicMock() for name in TORCHVISION}
    from basicsr.data import build_dataloader, build_dataset
    from basicsr.data.data_sampler import EnlargedSampler
    from basicsr.data.prefetch_dataloader import CPUPrefetcher
    from basicsr.models import build_model
    from basicsr.utils.registry import ARCH_REGISTRY

    def build() -> torch.nn.Module:
        return methods.build(name, SCALE)

    ARCH_REGISTRY._do_register("Benchmarked", build)
    write_sub_images(pack, folder)
    options = yaml.safe_load(OPTIONS.replace("FOLDER", str(folder)).replace("GT_SIZE", str(pack.lr_size * SCALE)))
    model, data = build_model(options), options["dataset"]
    images = build_dataset(data)
    loader = build_dataloader(images, data, num_gpu=1, sampler=EnlargedSampler(images, 1, 0, ratio=1000), seed=0)
    prefetcher = CPUPrefetcher(loader)

    def batches() -> Iterator[Any]:
        while True:
            if (batch := prefetcher.next()) is None:
                prefetcher.reset()
            else:
                yield batch

    for step, batch in enumerate(between_steps(batches(), pipe), start=1):
        model.update_learning_rate(step, warmup_iter=-1)
        model.feed_data(batch)
        model.optimize_parameters(step)


def write_sub_images(pack: Pack, folder: Path) -> None:
    """Sub-images of HR and LR images as PNG files, in the folders `hr` and `lr`, under the same names."""
    side = SUB_IMAGE // SCALE
    for number in range(len(pack.lr_images)):
        hr, lr = pack.hr(number), pack.lr(number)
        for top in range(0, max(1, lr.shape[0] - side + 1), side):
            for left in range(0, max(1, lr.shape[1] - side + 1), side):
                for name, pixels, scale in (("hr", hr, SCALE), ("lr", lr, 1)):
                    (folder / name).mkdir(exist_ok=True)
                    part = pixels[top * scale : (top + side) * scale, left * scale : (left + side) * scale]
                    Image.fromarray(part).save(folder / name / f"{number}_{top}_{left}.png")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--methods", nargs="+", default=METHODS, help=f"default: {' '.join(METHODS)}")
    parser.add_argument("--dataset", default="embedded", help="whose patches the project has (default: embedded)")
    parser.add_argument("--threads", type=int, default=1, help="of each process (default: 1)")
    parser.add_argument("--rounds", type=int, default=7, help="timed steps of each (default: 7)")
    arguments = parser.parse_args()
    side = open_pack(arguments.dataset, SCALE).lr_size
    print(f"{device_name('cpu')}, {arguments.threads} threads, torch {torch.__version__}")
    print(f"CPU seconds of a step of {PATCHES} patches of {side}x{side} LR pixels")
    print(f"{'':16}{'BasicSR':>9}{'here':>8}{'times as fast':>15}")
    ratios = []
    for name in arguments.methods:
        work = (name, arguments.dataset, arguments.threads)
        times = take_turns(serve, FORMS, work, arguments.rounds)[1]
        ratios.append(statistics.median(a / b for a, b in zip(times["basicsr"], times["here"], strict=True)))
        theirs, here = (statistics.median(times[form]) for form in FORMS)
        print(f"{name:16}{theirs:9.3f}{here:8.3f}{ratios[-1]:15.2f}", flush=True)
    print(f"{'geometric mean':33}{statistics.geometric_mean(ratios):15.2f}  least {min(ratios):.2f}")


if __name__ == "__main__":
    main()

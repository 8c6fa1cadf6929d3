"""How much of the time that its saved FLOPs promise a method saves that routes patches.

    .venv/bin/python benchmarks/routing.py --images 20 --threads 1

ARM-CARN with its published weights and WBSR-SRResNet with fresh ones (time does not depend on them) enlarge B100 by 4
from end to end: they cut, score, route, run and merge. At each operating point this is held against the full network
over the same patches, cut and merged the same way. Both take turns in random order, image by image in one process, so
that other load and a drifting clock meet them alike. The time of an image is the least of its rounds, by the wall and
as CPU time of the process; saved time over saved FLOPs (of all patches) is the ratio that is to reach 0.8. Beside other
load take one thread: threads that wait for each other count as CPU time.

With the papers' widths it is missed where narrow subnets are taken: a CPU with AVX-512 adds 16 channels at a time, so
that ARM-CARN's groups of 13 channels take as long as those of 16, and WBSR's widths of 36 and 52 nearly as long as 48
and 64. `wbsr_srresnet_aligned` has widths that are multiples of 16, and reaches it: routing itself takes little.

WBSR's classes are deciles of the patches of BSDS500's training images. What is not here yet is fetched.
"""

import argparse
import random
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch

from resolute import datasets, methods, registry
from resolute.cli.ensure import ensure_images, ensure_weights
from resolute.core import layout
from resolute.degrade import degrade
from resolute.fetch import fetch_dataset
from resolute.images.files import read_image, to_rgb
from resolute.images.gradients import gradient_score
from resolute.methods.patchwise import PatchGrid
from resolute.methods.upscaled import Upscaler
from resolute.methods.wbsr.projection import quantiles
from resolute.methods.wbsr.supernet import class_count
from resolute.methods.weights import save_weights

SCALE, PATCH, STRIDE = 4, 32, 28
# Some of the operating points of the registry, which take from 80 to 40 % of the full FLOPs of B100.
POINTS = {"arm_carn": ["eta1.36", "eta1.32", "eta1.3"], "wbsr_srresnet": ["alpha1", "alpha0.7"]}
POINTS["wbsr_srresnet_aligned"] = POINTS["wbsr_srresnet"]
FULL = {"arm_carn": "width64", "wbsr_srresnet": "w64d16", "wbsr_srresnet_aligned": "w64d16"}
TARGET = 0.8


def lr_images(dataset: str, split: str) -> list[np.ndarray]:
    """The LR images of a split, h x w x 3, uint8."""
    return [to_rgb(read_image(image.path)) for image in datasets.lr_images(dataset, split, SCALE)]


def thresholds() -> np.ndarray:
    """Where the classes of equally many patches of BSDS500's training images end."""
    fetch_dataset("bsds500", (SCALE,), ("train",))
    degrade("bsds500", SCALE)
    images = lr_images("bsds500", "train")
    grids = [PatchGrid(lr.shape[0], lr.shape[1], PATCH, STRIDE, border=False) for lr in images]
    scores = np.concatenate([gradient_score(grid.cut(lr)) for grid, lr in zip(grids, images, strict=True)])
    return quantiles(scores, class_count(registry.entry("wbsr_srresnet")))


def weights_of(method: str) -> Path:
    """Published weights, or fresh ones with thresholds of real patches."""
    if registry.entry(method).published:
        return layout.weights(registry.weights_of(ensure_weights(method, SCALE, "published")))
    torch.manual_seed(0)
    network = methods.build(method, SCALE)
    network.get_buffer("thresholds").copy_(torch.from_numpy(thresholds()))
    path = layout.project_root() / f"work/benchmarks/{method}.safetensors"
    save_weights(path, network.state_dict(), {})
    return path


def compare(upscalers: Mapping[str, Upscaler], images: list[np.ndarray], rounds: int) -> dict[str, np.ndarray]:
    """Seconds of every image (N x 2: wall, CPU) by setting, the least of the rounds."""
    turns = random.Random(0)
    times = {setting: np.full((len(images), 2), np.inf) for setting in upscalers}
    for _ in range(rounds):
        for number, lr in enumerate(images):
            for setting in turns.sample(list(upscalers), len(upscalers)):
                wall, cpu = time.perf_counter(), time.process_time()
                upscalers[setting](lr)
                spent = time.perf_counter() - wall, time.process_time() - cpu
                times[setting][number] = np.minimum(times[setting][number], spent)
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--methods", nargs="+", choices=list(POINTS), default=list(POINTS))
    parser.add_argument("--images", type=int, default=100, help="of B100, evenly spaced (default: all 100)")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3, help="of every image at every setting (default: 3)")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    ensure_images("b100", SCALE)
    images = lr_images("b100", "test")[:: -(-100 // arguments.images)]
    print(f"B100 x{SCALE}, {len(images)} images, {arguments.threads} threads, torch {torch.__version__}")
    print(f"{'':24}{'FLOPs':>8}{'wall':>8}{'CPU':>8}{'ratio: wall':>14}{'CPU':>6}   saved")
    for method in arguments.methods:
        weights, full = weights_of(method), FULL[method]
        upscalers = {
            setting: methods.upscaler(method, SCALE, weights, "cpu", setting) for setting in (full, *POINTS[method])
        }
        for upscale in upscalers.values():
            upscale(images[0])
        times = {setting: one.sum(axis=0) for setting, one in compare(upscalers, images, arguments.rounds).items()}
        print(
            f"{method} {full}: {times[full][0] / len(images):.3f} s an image, {times[full][1] / len(images):.3f} s CPU"
        )
        for setting in POINTS[method]:
            taken = [upscalers[setting](lr) for lr in images]
            flops = 1 - sum(one.macs or 0 for one in taken) / sum(one.full_macs or 0 for one in taken)
            wall, cpu = 1 - times[setting] / times[full]
            reached = "" if min(wall, cpu) >= TARGET * flops else f"  below {TARGET:.0%}"
            shares = f"{flops:8.1%}{wall:8.1%}{cpu:8.1%}{wall / flops:14.2f}{cpu / flops:6.2f}"
            print(f"{method + ' ' + setting:24}{shares}{reached}", flush=True)


if __name__ == "__main__":
    main()

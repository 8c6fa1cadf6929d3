"""The pixels of a run: test images, and a training set that `train` reads without the stages that make one."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.gpu import store
from benchmarks.gpu.place import Setup
from resolute.core import layout
from resolute.images.pack import Columns, Pack, PackedImage, lay_out

TRAINING_SET, TEST_SETS = "bsds500", ("set5", "set14")
SCALE = 4
Image = NDArray[np.uint8]


@dataclass(frozen=True)
class Pair:
    """An LR image (h x w x 3, uint8) and its original, `SCALE` times as large."""

    lr: Image
    hr: Image


def tested_pairs(setup: Setup) -> Iterator[tuple[str, list[Pair]]]:
    """Each test set with its images."""
    for dataset in TEST_SETS[: 1 if setup.smoke else None]:
        yield dataset, _pairs(setup, dataset)


def photograph(setup: Setup, width: int, height: int) -> Image:
    """A photograph of that size, mirrored at its edges where it is smaller."""
    image = _pairs(setup, TEST_SETS[0])[0].hr
    beyond = ((0, max(0, height - image.shape[0])), (0, max(0, width - image.shape[1])), (0, 0))
    return np.pad(image, beyond, "symmetric")[:height, :width]


def install_training_set(setup: Setup) -> None:
    """Have trainings in this process read the pack's pixels, uniformly drawn, as the set `TRAINING_SET`."""
    pairs = _pairs(setup, TRAINING_SET)
    lr_size = 16 if setup.smoke else 48
    lr, hr = (_packed([getattr(pair, side) for pair in pairs]) for side in ("lr", "hr"))
    places = [
        (number, row, column)
        for number, pair in enumerate(pairs)
        for row in range(0, pair.lr.shape[0] - lr_size + 1, lr_size // 2)
        for column in range(0, pair.lr.shape[1] - lr_size + 1, lr_size // 2)
    ]
    columns = Columns(zip(("image", "row", "column"), np.array(places).T, strict=True))
    pack = Pack(SCALE, lr[0], hr[0], lr[1], hr[1], columns, lr_size)
    # Not before: timing needs nothing of what training imports.
    from resolute.train import loop

    # A training says which pixels it has read by the checksum of this file.
    index = layout.training_data(TRAINING_SET, layout.Span.at(SCALE))
    index.parent.mkdir(parents=True, exist_ok=True)
    index.write_bytes(b"made up" if setup.smoke else _file(setup, TRAINING_SET).read_bytes())
    loop.open_pack = lambda *_: pack


def _packed(images: list[Image]) -> tuple[Image, list[PackedImage]]:
    stored = [PackedImage(str(number), "", image.shape[0], image.shape[1], 0) for number, image in enumerate(images)]
    return np.concatenate([image.ravel() for image in images]), lay_out(stored)


def _file(setup: Setup, dataset: str) -> Path:
    return setup.pack / f"{dataset}.zip"


@cache
def _pairs(setup: Setup, dataset: str) -> list[Pair]:
    if setup.smoke:
        return [_made_up(seed) for seed in range(2)]
    images = store.load(_file(setup, dataset))
    names = [name.removeprefix("hr/") for name in images if name.startswith("hr/")]
    return [Pair(images[f"lr/{name}"], images[f"hr/{name}"]) for name in names]


def _made_up(seed: int) -> Pair:
    """Coarse noise, enlarged: smooth enough that there is something to learn."""
    coarse = np.random.default_rng(seed).integers(0, 256, (24, 32, 3), dtype=np.uint8)
    hr = coarse.repeat(SCALE, axis=0).repeat(SCALE, axis=1)
    return Pair(coarse, hr)

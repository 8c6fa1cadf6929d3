"""Training batches as a function of (seed, step), whatever was interrupted and on however many devices."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from resolute.core.errors import ResoluteError
from resolute.images.pack import Pack
from resolute.methods.plan import Plan
from resolute.methods.samplers import SAMPLERS


@dataclass(frozen=True)
class Batch:
    """LR (N x h x w x 3) and HR (N x sh x sw x 3) patches, uint8, and how each is to be turned.

    `turn` has a number 0 to 7 per patch: bit 0 flips left-right, bit 1 top-bottom, bit 2 transposes.
    """

    lr: Tensor
    hr: Tensor
    turn: Tensor


class Batches:
    """Draws the batches of a plan from packed pixels.

    Args:
        pack: the training set.
        scale: HR side over LR side.
        plan: says how many patches of which size each step wants, and by which sampler.
        seed: of the training.
        rank, world: this process takes every `world`-th patch of a batch, from the `rank`-th on.
    """

    def __init__(self, pack: Pack, scale: float, plan: Plan, seed: int, rank: int = 0, world: int = 1) -> None:
        self.pack, self.scale, self.plan, self.seed = pack, scale, plan, seed
        self.mine = slice(rank, None, world)
        least = min(min(image.lr_height, image.lr_width) for image in pack.images)
        for phase in plan.phases:
            if phase.batch_size % world:
                raise ResoluteError(
                    f"batch_size {phase.batch_size} cannot be shared by {world} devices: make it a multiple"
                )
            if phase.lr_patch_size > least:
                raise ResoluteError(
                    f"lr_patch_size {phase.lr_patch_size} does not fit the smallest training image: "
                    f"its LR side is {least}"
                )

    def at(self, step: int) -> Batch:
        """The batch of a step, counted from 0 over all phases."""
        _, phase, _ = self.plan.at(step)
        generator = np.random.default_rng([self.seed, step])
        drawn = SAMPLERS.function(phase.sampler)(generator, self.pack.columns, phase.batch_size)
        jitter = generator.random((phase.batch_size, 2))
        turn = generator.integers(8, size=phase.batch_size)
        crops = [
            self._crop(row, where, phase.lr_patch_size)
            for row, where in zip(drawn[self.mine], jitter[self.mine], strict=True)
        ]
        lr, hr = (torch.from_numpy(np.stack(side)) for side in zip(*crops, strict=True))
        return Batch(lr, hr, torch.from_numpy(turn[self.mine].copy()))

    def from_step(self, first: int) -> Iterator[Batch]:
        """The batches from a step to the end, each drawn while the one before it is trained on."""
        with ThreadPoolExecutor(1) as pool:
            ahead = pool.submit(self.at, first) if first < self.plan.iterations else None
            for step in range(first, self.plan.iterations):
                assert ahead is not None
                batch = ahead.result()
                ahead = pool.submit(self.at, step + 1) if step + 1 < self.plan.iterations else None
                yield batch

    def _crop(self, row: int, where: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
        """A crop of the asked size at a random place about a patch: within it where the crop is smaller."""
        pack = self.pack
        number = int(pack.image[row])
        lr, hr = pack.lr(number), pack.hr(number)
        corner = []
        for start, extent, chance in zip((pack.row[row], pack.column[row]), lr.shape[:2], where, strict=True):
            low, high = sorted((int(start), int(start) + pack.lr_size - size))
            low, high = max(low, 0), min(high, extent - size)
            corner.append(low + int(chance * (high - low + 1)))
        (y, x), scale = corner, self.scale
        top, left, side = round(y * scale), round(x * scale), round(size * scale)
        return lr[y : y + size, x : x + size], hr[top : top + side, left : left + side]


def to_network(pixels_BHWC: Tensor, turn: Tensor, data_range: float) -> Tensor:
    """Patches on the device as a network reads them: turned, N x 3 x h x w, float32, in 0..data_range."""
    x = pixels_BHWC.permute(0, 3, 1, 2).float() * (data_range / 255)
    for bit, turned in ((1, lambda t: t.flip(3)), (2, lambda t: t.flip(2)), (4, lambda t: t.transpose(2, 3))):
        chosen = (turn & bit).bool()[:, None, None, None]
        x = torch.where(chosen, turned(x), x)
    return x.contiguous(memory_format=torch.channels_last)

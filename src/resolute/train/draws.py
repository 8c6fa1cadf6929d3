"""Training batches as a function of (seed, step), whatever was interrupted and on however many devices."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from resolute.core.errors import ResoluteError
from resolute.methods.learner import Learner
from resolute.methods.plan import Plan


class Draws:
    """Has a learner draw the batches of a plan.

    Args:
        learner: what is trained.
        pack: the training set, as the learner reads it.
        plan: its phases say how many patches each step wants.
        seed: of the training.
        rank, world: this process takes every `world`-th patch of a batch, from the `rank`-th on.
    """

    def __init__(self, learner: Learner, pack: Any, plan: Plan, seed: int, rank: int = 0, world: int = 1) -> None:
        self.learner, self.pack, self.plan, self.seed = learner, pack, plan, seed
        self.mine = slice(rank, None, world)
        for phase in plan.phases:
            if phase.batch_size % world:
                raise ResoluteError(
                    f"batch_size {phase.batch_size} cannot be shared by {world} devices: make it a multiple"
                )

    def at(self, step: int) -> Any:
        """The batch of a step, counted from 0 over all phases."""
        _, phase, _ = self.plan.at(step)
        return self.learner.draw(self.pack, phase, np.random.default_rng([self.seed, step]), self.mine)

    def from_step(self, first: int) -> Iterator[Any]:
        """The batches from a step to the end, each drawn while the one before it is trained on."""
        with ThreadPoolExecutor(1) as pool:
            ahead = pool.submit(self.at, first) if first < self.plan.iterations else None
            for step in range(first, self.plan.iterations):
                assert ahead is not None
                batch = ahead.result()
                ahead = pool.submit(self.at, step + 1) if step + 1 < self.plan.iterations else None
                yield batch

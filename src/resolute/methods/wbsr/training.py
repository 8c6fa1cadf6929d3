"""How WBSR is trained: one subnet at every step, the costly ones oftener; its sampler and loss are the recipe's.

The paper does not say how the subnet of a step is chosen; ARM's odds are taken, the square of the cost. Its K is that
of HES and of the gradient projection alike: HES draws here from as many categories as the entry has classes, however
many the patch index tells apart.
"""

from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from resolute.core.errors import ResoluteError
from resolute.core.layout import Span
from resolute.images.gradients import gradient_score
from resolute.images.pack import Columns, Pack
from resolute.methods.learner import Learner
from resolute.methods.pairs import Pairs
from resolute.methods.patchwise import PATCH, STRIDE, training_patches
from resolute.methods.plan import Phase, Plan
from resolute.methods.wbsr.projection import classes, quantiles
from resolute.methods.wbsr.supernet import class_count, released, subnets_of
from resolute.registry import Entry

__all__ = ["SKIPS", "build", "learner", "released"]

SKIPS = True  # the blocks that a shallow subnet leaves out have no gradient

build = released


class WBSRLearner(Learner):
    """The supernet, of which every step trains one subnet."""

    skips = SKIPS

    def __init__(self, entry: Entry, scale: float, plan: Plan) -> None:
        super().__init__(released(entry, scale), scale, entry.data_range, plan)
        self.name, self.count, self.subnets = entry.name, class_count(entry), subnets_of(entry, scale)
        self.odds = torch.tensor([float(one.macs(PATCH, PATCH)) ** 2 for one in self.subnets], dtype=torch.float64)

    def check(self, pack: Pack, plan: Plan) -> None:
        """Refuse images with fewer patches than classes, too."""
        super().check(pack, plan)
        patches = sum(len(lr) for lr, _ in training_patches(pack, PATCH, STRIDE))
        if patches < self.count:
            raise ResoluteError(
                f"{self.name} sorts patches of {PATCH}x{PATCH} LR pixels into {self.count} classes, but the training "
                f"images have {patches}: train on more or larger ones"
            )

    def fit(self, pack: Pack, generator: np.random.Generator) -> None:
        """Where classes of equally many training patches end."""
        super().fit(pack, generator)
        scores = np.concatenate([gradient_score(lr) for lr, _ in training_patches(pack, PATCH, STRIDE)])
        self.network.get_buffer("thresholds").copy_(torch.from_numpy(quantiles(scores, self.count)))

    def draw(self, pack: Pack, phase: Phase, generator: np.random.Generator, mine: slice) -> Pairs:
        """By the sampler, for which patches fall into K categories."""
        columns = pack.columns.once(("classes", self.count), self._categorised)
        return super().draw(replace(pack, columns=columns), phase, generator, mine)

    def _categorised(self, columns: Columns) -> Columns:
        """The columns with K categories in the place of the index's, of equally many patches and of equal width."""
        score = columns["difficulty"]
        apart = np.linspace(score.min(), score.max(), self.count + 1)[1:-1]
        own = {
            "category": classes(score, quantiles(score, self.count)),
            "category_equal_width": classes(score, apart),
        }
        return Columns({**columns, **own})

    def forward(self, batch: Pairs, phase: Phase) -> dict[str, Tensor]:
        """The loss of a subnet, drawn by its squared cost."""
        lr, hr = batch.as_images(self.data_range)
        network: Any = self.network
        sr = self.subnets[int(torch.multinomial(self.odds, 1))].run(network.full, lr).float() / self.data_range
        return {phase.loss.name: self.losses.of(phase)(sr, hr / self.data_range)}


def learner(entry: Entry, span: Span, plan: Plan) -> WBSRLearner:
    """The supernet, and what draws its subnets."""
    return WBSRLearner(entry, span.low, plan)

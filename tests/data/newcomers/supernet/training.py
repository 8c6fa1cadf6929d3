"""How the supernet is trained: at a random width every step, with a noise scale that is learned beside it."""

import numpy as np
import torch
from torch import Tensor, nn

from resolute.core.layout import Span
from resolute.images.pack import Pack
from resolute.methods.learner import Learner
from resolute.methods.network.training import build, released
from resolute.methods.pairs import Pairs
from resolute.methods.plan import Phase, Plan
from resolute.registry import Entry

__all__ = ["SKIPS", "build", "learner", "released"]

SKIPS = False


class SupernetLearner(Learner):
    """L1 over a learned scale, from a buffer that is read off the data."""

    def __init__(self, network: nn.Module, scale: float, data_range: float, plan: Plan) -> None:
        super().__init__(network, scale, data_range, plan)
        self.noise = nn.Parameter(torch.ones(1))
        self.register_buffer("patches", torch.zeros(1))

    def fit(self, pack: Pack, generator: np.random.Generator) -> None:
        """How many patches there are."""
        super().fit(pack, generator)
        self.get_buffer("patches").fill_(len(pack.columns["image"]))

    def forward(self, batch: Pairs, phase: Phase) -> dict[str, Tensor]:
        """The error, and what keeps the scale from growing."""
        self.network.width = self.network.widths[int(torch.randint(2, ()))]
        (error,) = super().forward(batch, phase).values()
        self.network.width = self.network.widths[-1]
        return {"error": error / self.noise.exp().sum(), "scale": self.noise.sum() / self.get_buffer("patches").sum()}


def learner(entry: Entry, span: Span, plan: Plan) -> SupernetLearner:
    """The widest network, with what is learned beside it."""
    return SupernetLearner(build(entry, span.low), span.low, entry.data_range, plan)

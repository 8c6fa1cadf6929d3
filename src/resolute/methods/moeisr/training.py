"""How MoEISR is trained: all experts at every pixel, mixed by a Gumbel-softmax over the mapper's logits."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from resolute.core.errors import ResoluteError, nearest
from resolute.core.layout import Span
from resolute.methods.arbitrary_scale.training import PixelLearner
from resolute.methods.learner import Learner
from resolute.methods.moeisr.balance import BALANCES
from resolute.methods.network.training import build, released
from resolute.methods.pixels import Pixels
from resolute.methods.plan import Phase, Plan
from resolute.registry import Entry

__all__ = ["SKIPS", "build", "learner", "released"]

SKIPS = Learner.skips


@dataclass(frozen=True)
class Mixing:
    """The options of an entry: how experts are mixed in training.

    Attributes:
        temperature: of the Gumbel-softmax; the paper compares 1 and 5.
        straight_through: whether a pixel takes the chosen expert alone in the forward pass, and the mixture's gradient.
        balance: the term that spreads pixels over the experts, one of `BALANCES`, or `none`.
        weight: of that term, beside the error in units of the data range.
        shares: of the pixels that each expert should have, the cheapest first; equal where none are given.
    """

    temperature: float = 1.0
    straight_through: bool = False
    balance: str = "squared"
    weight: float = 0.025
    shares: tuple[float, ...] = ()

    @classmethod
    def of(cls, entry: Entry) -> "Mixing":
        """Those of an entry, checked."""
        for name in entry.options:
            if name not in cls.__dataclass_fields__:
                raise ResoluteError(
                    f"{entry.name} has an unknown option '{name}': {nearest(name, cls.__dataclass_fields__)}"
                )
        mixing = cls(**{**entry.options, "shares": tuple(entry.options.get("shares", ()))})
        if mixing.balance not in (*BALANCES, "none"):
            raise ResoluteError(f"{entry.name}: balance is '{mixing.balance}': {nearest(mixing.balance, BALANCES)}")
        if mixing.shares and (len(mixing.shares) != len(entry.experts) or abs(sum(mixing.shares) - 1) > 1e-6):
            raise ResoluteError(f"{entry.name}: shares are one for each of {len(entry.experts)} experts, together 1")
        if not (mixing.temperature > 0 and mixing.weight >= 0 and all(share > 0 for share in mixing.shares)):
            raise ResoluteError(f"{entry.name}: temperature and shares are above 0, weight is not below")
        return mixing


class MoEISRLearner(PixelLearner):
    """The error of the mixture, and what spreads the pixels."""

    def __init__(self, entry: Entry, span: Span, plan: Plan) -> None:
        super().__init__(build(entry, span.high), span, entry.data_range, plan)
        self.mixing, experts = Mixing.of(entry), len(entry.experts)
        self.shares = torch.tensor(self.mixing.shares or [1 / experts] * experts)

    def forward(self, batch: Pixels, phase: Phase) -> dict[str, Tensor]:
        lr = batch.lr.float() * (self.data_range / 255)
        colours, logits = self.network.query_all(lr, batch.coord, batch.cell)
        logits = logits.float()
        weights = functional.gumbel_softmax(logits, self.mixing.temperature, hard=self.mixing.straight_through)
        mixed = (weights[..., None] * colours.float()).sum(dim=2) / self.data_range
        terms: dict[str, Any] = {phase.loss.name: self.losses.of(phase)(mixed, batch.rgb.float() / 255)}
        if self.mixing.balance != "none":
            probability = logits.softmax(dim=2).mean(dim=(0, 1))
            chosen = functional.one_hot(logits.argmax(dim=2), logits.shape[2]).float().mean(dim=(0, 1))
            balance = BALANCES[self.mixing.balance](probability, chosen, self.shares.to(probability.device))
            terms["balance"] = self.mixing.weight * balance
        return terms


def learner(entry: Entry, span: Span, plan: Plan) -> MoEISRLearner:
    """The network for all scales of a span."""
    return MoEISRLearner(entry, span, plan)

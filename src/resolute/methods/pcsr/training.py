"""How PCSR is trained: the encoder with the heavy decoder, then the light decoder and the classifier on what they are.

A phase that trains the encoder and the heavy decoder alone runs these alone. Any other trains the mixture of both
decoders by their chances, and its loss has two terms with the weights of the authors' code: the error of the image, and
how far the chance of the heavy decoder is from one half over the batch. An encoder that a phase does not train is as in
inference then. All SR pixels of a patch count.
"""

from torch import Tensor

from resolute.core.layout import Span
from resolute.methods.learner import Learner
from resolute.methods.network.form import released
from resolute.methods.pairs import Pairs
from resolute.methods.plan import Phase, Plan
from resolute.models.pcsr import HEAVY, PCSR
from resolute.registry import Entry

__all__ = ["SKIPS", "balance_loss", "build", "learner", "released"]

SKIPS = False  # every tensor has a part in the mixture
ENCODER, HEAVY_HEAD = "network.encoder", f"network.decoder.heads.{HEAVY}"
IMAGE, BALANCE = 1000.0, 3.0

build = released


class PCSRLearner(Learner):
    """The network, and which part of it a phase scores."""

    network: PCSR

    def forward(self, batch: Pairs, phase: Phase) -> dict[str, Tensor]:
        """The loss of the heavy decoder, or the two terms of the mixture."""
        lr, hr = batch.as_images(self.data_range)
        score, target = self.losses.of(phase), hr / self.data_range
        self.network.encoder.train(self.training and (not phase.trains or ENCODER in phase.trains))
        if set(phase.trains) == {ENCODER, HEAVY_HEAD}:
            return {phase.loss.name: score(self.network.alone(lr, HEAVY).float() / self.data_range, target)}
        sr, chances = self.network.mixed(lr)
        return {
            phase.loss.name: IMAGE * score(sr.float() / self.data_range, target),
            "balance": BALANCE * balance_loss(chances.float()),
        }


def learner(entry: Entry, span: Span, plan: Plan) -> PCSRLearner:
    """The network and how it is scored, at one scale."""
    return PCSRLearner(released(entry, span.low), span.low, entry.data_range, plan)


def balance_loss(chances: Tensor) -> Tensor:
    """How far the chances of the heavy decoder are from one half in the mean: 0 there, 1 where they are 0 or 1.

    Args:
        chances: of light and heavy, at pixels (M x 2).
    """
    half = len(chances) / 2
    return (chances[:, HEAVY].sum() - half).abs() / half

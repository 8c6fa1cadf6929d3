"""How ClassSR is trained: each branch by itself on the patches of its class, then the classifier, then all together.

A phase that trains one branch alone runs that branch alone. Any other trains the mixture of all branches by the chances
of the classes, and its loss has three terms with the weights of the authors' code: the error of the image, how
undecided the classifier is, and how unevenly it decides.
"""

from itertools import combinations

from torch import Tensor

from resolute.core.layout import Span
from resolute.methods.classsr.branches import ClassSR, released
from resolute.methods.learner import Learner
from resolute.methods.pairs import Pairs
from resolute.methods.plan import Phase, Plan
from resolute.registry import Entry

__all__ = ["SKIPS", "average_loss", "build", "class_loss", "learner", "released"]

SKIPS = False  # every branch has a part in the mixture
# Of the image's error in units of the data range: 1000 where that is 1, 4 of errors in levels where it is 255.
IMAGE = {1: 1000.0, 255: 4.0 * 255}
CLASS, AVERAGE = 0.5, 3.0

build = released


class ClassSRLearner(Learner):
    """The classifier and the branches."""

    network: ClassSR

    def __init__(self, entry: Entry, scale: float, plan: Plan) -> None:
        super().__init__(released(entry, scale), scale, entry.data_range, plan)

    def forward(self, batch: Pairs, phase: Phase) -> dict[str, Tensor]:
        """The loss of a branch, or the three terms of the mixture."""
        lr, hr = batch.as_images(self.data_range)
        score, target = self.losses.of(phase), hr / self.data_range
        for number, branch in enumerate(self.network.branches):
            if phase.trains == (f"network.branches.{number}",):
                return {phase.loss.name: score(branch(lr).float() / self.data_range, target)}
        sr, chances = self.network.mixed(lr)
        return {
            phase.loss.name: IMAGE[int(self.data_range)] * score(sr.float() / self.data_range, target),
            "class": CLASS * class_loss(chances),
            "average": AVERAGE * average_loss(chances),
        }


def learner(entry: Entry, span: Span, plan: Plan) -> ClassSRLearner:
    """The classifier and the branches, and how they are scored."""
    return ClassSRLearner(entry, span.low, plan)


def class_loss(chances: Tensor) -> Tensor:
    """How undecided a classifier is: 0 where one class has all the chance, C - 1 where all have the same.

    Args:
        chances: of patches, N x C.
    """
    apart = sum((one - other).abs() for one, other in combinations(chances.T, 2))
    return (chances.shape[1] - 1 - apart).mean()


def average_loss(chances: Tensor) -> Tensor:
    """How unevenly a classifier decides over a batch: 0 where all classes come to the same, 1 where one has all.

    Args:
        chances: of patches, N x C.
    """
    count, classes = chances.shape
    return (chances.sum(dim=0) - count / classes).abs().sum() / (2 * count * (classes - 1) / classes)

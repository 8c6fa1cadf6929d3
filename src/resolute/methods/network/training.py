"""How a network is trained that is a method by itself."""

from torch import nn

from resolute.core.layout import Span
from resolute.methods.learner import Learner
from resolute.methods.network.form import built, released
from resolute.methods.plan import Plan
from resolute.registry import Entry

__all__ = ["SKIPS", "build", "learner", "released"]

SKIPS = Learner.skips


def build(entry: Entry, scale: float) -> nn.Module:
    """The network of `resolute.models` in the form that is trained, freshly initialised."""
    return built(entry, scale, {**entry.arguments, **entry.training})


def learner(entry: Entry, span: Span, plan: Plan) -> Learner:
    """The network, trained on pairs of patches."""
    return Learner(build(entry, span.low), span.low, entry.data_range, plan)

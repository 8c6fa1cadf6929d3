"""How a network is trained that is a method by itself."""

from torch import nn

from resolute.methods.network.form import released
from resolute.models import create_model
from resolute.registry import Entry

__all__ = ["build", "released"]


def build(entry: Entry, scale: float) -> nn.Module:
    """The network of `resolute.models` in the form that is trained, freshly initialised."""
    entry.check_scale(scale)
    return create_model(entry.model, scale, **{**entry.arguments, **entry.training})

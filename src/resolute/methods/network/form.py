"""The network of a method as it is released: what weights fit."""

from torch import nn

from resolute.models import create_model
from resolute.registry import Entry


def released(entry: Entry, scale: float) -> nn.Module:
    """The network of `resolute.models` in the form that is released, freshly initialised."""
    entry.check_scale(scale)
    return create_model(entry.model, scale, **entry.arguments)

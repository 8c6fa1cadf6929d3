"""The network of a method as it is released: what weights fit."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from torch import nn

from resolute.core.own import NETWORKS
from resolute.models import create_model
from resolute.registry import Entry


def released(entry: Entry, scale: float) -> nn.Module:
    """The network of `resolute.models` in the form that is released, freshly initialised."""
    return built(entry, scale, entry.arguments)


def built(entry: Entry, scale: float, arguments: Mapping[str, Any]) -> nn.Module:
    """The network of its arguments; one of somebody's own, which no test knows, is tried first."""
    entry.check_scale(scale)
    network = create_model(entry.model, scale, **arguments)
    if entry.is_own:
        import_module(NETWORKS).check_size(network, entry.name, scale, entry.minimum_side)
    return network

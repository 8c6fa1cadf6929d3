"""The weights that a training starts from: fresh ones, or those of another run, at the same scale or another."""

import re
from dataclasses import replace
from pathlib import Path

from resolute import methods, registry
from resolute.core import layout
from resolute.core.layout import Weights
from resolute.methods import weights
from resolute.methods.learner import Learner


def find_start(wanted: Weights, warm_start: str) -> tuple[float, Path]:
    """The scale and the file of the weights that a plan's `warm_start` names."""
    match = re.fullmatch(r"x(\d+(?:\.\d+)?)/([^/]+)", warm_start)
    scale, name = (float(match[1]), match[2]) if match else (wanted.span.high, warm_start)
    return scale, layout.weights(registry.weights_of(registry.find_run(wanted.method, scale, name)))


def own_name(wanted: Weights, warm_start: str) -> Weights:
    """What a training from these weights makes, where the workflow's own starts otherwise."""
    with weights.unchanged(find_start(wanted, warm_start)[1]) as sha256:
        return replace(wanted, name=f"{wanted.name}@{sha256[:8]}")


def load_start(learner: Learner, wanted: Weights, warm_start: str) -> None:
    """Give a learner the network that its training starts from; its own fresh one where `warm_start` is empty.

    Weights on disk are folded: what starts from them is trained in the folded form. From another scale, the tensors
    are taken that have the same name and shape there; the others, of the last layers, are fresh.

    Raises:
        ResoluteError: the weights are missing, broken, or not this method's.
    """
    if not warm_start:
        return
    entry = registry.entry(wanted.method)
    half = methods.training(entry)
    network = learner.network = half.released(entry, wanted.span.high)
    scale, path = find_start(wanted, warm_start)
    if entry.span(scale) == wanted.span:
        weights.load_weights(network, path)
        return
    source = half.released(entry, scale)
    weights.load_weights(source, path)
    state = network.state_dict()
    shared = {name: tensor for name, tensor in source.state_dict().items() if name in state}
    state.update((name, tensor) for name, tensor in shared.items() if tensor.shape == state[name].shape)
    network.load_state_dict(state)

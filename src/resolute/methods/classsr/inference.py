"""How ClassSR infers: every patch by the branch of the class that the classifier finds likeliest.

The multiply-adds of an image are those of the branches that its patches took, and the classifier's for each patch; the
authors leave the classifier out where it is small beside the branches, by 0.15 % of the widest SRResNet's.
"""

from functools import partial
from pathlib import Path

import numpy as np
from torch import nn

from resolute.core.errors import ResoluteError
from resolute.methods.classsr.branches import Classifier, ClassSR, branch
from resolute.methods.classsr.branches import released as build
from resolute.methods.patchwise import PATCH, Expert, computed
from resolute.methods.routing import Route, always, patch_upscaler, when_taken
from resolute.methods.upscaled import Upscaler
from resolute.methods.weights import load_weights
from resolute.metrics.counters import count_macs
from resolute.registry import Entry

__all__ = ["build", "cheapest", "upscaler"]


def cheapest(entry: Entry, scale: float) -> nn.Module:
    """The classifier and the branch that costs least."""
    network = build(entry, scale)
    network.taken = 0
    return network


def upscaler(entry: Entry, scale: float, weights: Path | None, device: str, setting: str = "") -> Upscaler:
    """The branches with their weights, and the choice among them.

    Args:
        setting: `classes`, the classifier's choice; or the name of an expert, which all patches take, unclassified.
    """
    if setting not in ("classes", *entry.experts):
        known = f"give classes, or one of {', '.join(entry.experts)}"
        raise ResoluteError(f"{entry.name} has no setting '{setting}': {known}")
    network = build(entry, scale)
    if weights is not None:
        load_weights(network, weights)
    experts = [
        Expert(
            name,
            when_taken(partial(network.branches.__getitem__, number), device),
            count_macs(partial(branch, entry, scale, name), PATCH, PATCH),
        )
        for number, name in enumerate(entry.experts)
    ]
    if setting in entry.experts:
        return patch_upscaler(entry, scale, experts, always(entry.experts.index(setting)), device)
    macs = count_macs(lambda: Classifier(len(experts)), PATCH, PATCH)
    return patch_upscaler(entry, scale, experts, classified(network, device), device, macs)


def classified(network: ClassSR, device: str) -> Route:
    """The likeliest class of every patch."""
    network.classifier.eval().to(device)

    def route(patches: np.ndarray) -> np.ndarray:
        found = computed(network.classify, patches, network.data_range, device)
        return np.concatenate([logits.argmax(dim=1).cpu().numpy() for _, logits in found])

    return route

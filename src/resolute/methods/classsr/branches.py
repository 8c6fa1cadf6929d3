"""ClassSR's network: a classifier of patches, and a branch of its own weights for each class.

Paper: Kong et al., "ClassSR: A General Framework to Accelerate Super-Resolution Networks by Data Characteristic", CVPR
2021; code: XPixelGroup/ClassSR.
"""

import re

import torch
from torch import Tensor, nn

from resolute.core.errors import ResoluteError
from resolute.models import create_model
from resolute.models.blocks.convolution import conv1, leaky_relu
from resolute.registry import Entry

CHANNELS, SQUEEZED, CELL = 128, 32, 4
SLOPE = 0.1


class Classifier(nn.Module):
    """The Class-Module: from images (N x 3 x h x w, 0..1, no side below 4) to the logits of their classes (N x C)."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, CHANNELS, CELL, stride=CELL),
            *(layer for _ in range(3) for layer in (leaky_relu(SLOPE), conv1(CHANNELS, CHANNELS))),
            *(leaky_relu(SLOPE), conv1(CHANNELS, SQUEEZED)),
        )
        self.last = nn.Linear(SQUEEZED, classes)

    def forward(self, lr: Tensor) -> Tensor:
        return self.last(self.features(lr).mean((2, 3)))


class ClassSR(nn.Module):
    """The classifier and the branches, which share nothing.

    Args:
        branches: one for each class, that of the easiest first.
        data_range: of their input and output; the classifier's is 1 all the same, which the paper leaves open.

    Attributes:
        taken: the number of the branch that `forward` takes.
    """

    def __init__(self, branches: list[nn.Module], data_range: float) -> None:
        super().__init__()
        self.data_range, self.taken = data_range, len(branches) - 1
        self.classifier = Classifier(len(branches))
        self.branches = nn.ModuleList(branches)

    def forward(self, lr: Tensor) -> Tensor:
        """What patches of one class take, of the hardest unless `taken` says otherwise: what counters count."""
        self.classify(lr)
        return self.branches[self.taken](lr)

    def classify(self, lr: Tensor) -> Tensor:
        """The logits of the classes of images (N x C)."""
        return self.classifier(lr / self.data_range)

    def mixed(self, lr: Tensor) -> tuple[Tensor, Tensor]:
        """What is trained once classes are: the sum of what all branches make, by the chances of their classes.

        Returns:
            N x 3 x sh x sw, and the chances (N x C).
        """
        chances = torch.softmax(self.classify(lr).float(), dim=1)
        parts = torch.stack([one(lr) for one in self.branches])
        return torch.einsum("nc,cnkhw->nkhw", chances.to(parts.dtype), parts), chances


def released(entry: Entry, scale: float) -> ClassSR:
    """The classifier and the branches of an entry, freshly initialised."""
    return ClassSR([branch(entry, scale, name) for name in entry.experts], entry.data_range)


def branch(entry: Entry, scale: float, expert: str) -> nn.Module:
    """The network of an expert, which is called w<width>, freshly initialised."""
    entry.check_scale(scale)
    width = re.fullmatch(r"w(\d+)", expert)
    if not width:
        raise ResoluteError(f"the experts of {entry.name} must be called w<width>, such as w36")
    return create_model(entry.model, scale, **{**entry.arguments, "width": int(width[1])})

"""Layers that are released in one form and run faster in another, which preparing a network gives them."""

from abc import ABC, abstractmethod
from copy import deepcopy

import torch
from torch import nn

from resolute.models.blocks.replace import replace_modules


class Preparable(nn.Module, ABC):
    """A module in the form in which it was released, which training and counters see."""

    @abstractmethod
    def prepare(self) -> nn.Module:
        """The module that computes the same within float rounding, but faster; its own children are so already."""


def prepare_modules(network: nn.Module) -> nn.Module:
    """A copy of a network with all its modules prepared; `resolute.inference.prepare` does the rest."""
    return replace_modules(network, lambda module: module.prepare() if isinstance(module, Preparable) else module)


@torch.no_grad()
def as_convolution(layer: nn.Module, inputs: int) -> nn.Conv2d:
    """The 1x1 convolution that equals a layer which at every pixel is an affine map of the `inputs` channels there."""
    exact = deepcopy(layer).double()
    like = next(exact.parameters())
    bias = exact(like.new_zeros(1, inputs, 1, 1))
    # Each image of this batch is one channel.
    columns = exact(torch.eye(inputs).to(like)[:, :, None, None]) - bias
    convolution = nn.Conv2d(inputs, columns.shape[1], 1).to(like.device)
    convolution.load_state_dict({"weight": columns.transpose(0, 1), "bias": bias.flatten()})
    return convolution

"""Slimmable networks: the weights of a narrower network are a part of those of a wider one."""

from collections.abc import Mapping

from torch import Tensor, nn


def sliced(state: Mapping[str, Tensor], narrower: nn.Module) -> dict[str, Tensor]:
    """Of every tensor of a network, what the same network with fewer channels has of it: its leading part.

    Along every axis these are the first elements, as many as the narrower network has there, of kernels and biases
    alike. So the groups of a grouped convolution, and the parts of a concatenated input, do not line up with those of
    the wider network: its kernels are sliced as they lie (ARM, Chen et al., ECCV 2022).

    Args:
        state: the wider network's tensors by name; the gradient flows through them.
        narrower: whose tensors' shapes are asked for, on any device.
    """
    return {name: state[name][tuple(map(slice, like.shape))] for name, like in narrower.state_dict().items()}

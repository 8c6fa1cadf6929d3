"""Running a smaller network on the weights of a larger one of its kind, as supernets do.

The smaller one has the leading corner of every tensor: a convolution keeps its first kernels and the first input planes
of each. Which corner, the constructor says, given a smaller width or depth, so no network has code for it; all it
takes is that a layer's name does not depend on the depth. Prefixes of channels: Yu et al., "Slimmable Neural Networks",
ICLR 2019, and in SR chenbong/ARM-Net, models/archs/arch_util.py. First blocks alone: WBSR, NeurIPS 2024, section 4.
"""

from itertools import chain
from operator import lt

import torch
from torch import Tensor, nn
from torch.func import functional_call

from resolute.core.errors import ResoluteError


def corners(network: nn.Module, smaller: nn.Module) -> dict[str, Tensor]:
    """Views of a network's parameters and buffers, in the shapes and by the names that the smaller one has for them.

    Raises:
        ResoluteError: the other network is not smaller, or not of the same kind.
    """
    larger = dict(chain(network.named_parameters(), network.named_buffers()))
    found: dict[str, Tensor] = {}
    for name, tensor in chain(smaller.named_parameters(), smaller.named_buffers()):
        whole, size = larger.get(name), tuple(tensor.shape)
        if whole is None or whole.dim() != len(size) or any(map(lt, whole.shape, size)):
            there = "no such tensor" if whole is None else f"one of {_times(tuple(whole.shape))}"
            raise ResoluteError(
                f"a subnet needs {_times(size)} of {name}, but its network has {there}: "
                "give widths and depths up to its own"
            )
        found[name] = whole[tuple(map(slice, size))]
    return found


def run(network: nn.Module, smaller: nn.Module, lr: Tensor) -> Tensor:
    """What the smaller network makes of LR images with the corners of a network's weights, which gradients reach.

    Args:
        smaller: says the form; its own weights are not read, so that it may lie on the meta device. It trains, or not,
            as the network does.
        lr: N x 3 x h x w, where the network lies; the result is N x 3 x sh x sw.
    """
    return functional_call(smaller.train(network.training), corners(network, smaller), (lr,))


@torch.no_grad()
def cut(network: nn.Module, smaller: nn.Module) -> nn.Module:
    """The smaller network itself, with copies of the corners of a network's weights in place of its own."""
    # Buffers that are not saved are not loaded either: they are as they were made.
    smaller.load_state_dict(corners(network, smaller), strict=False)
    return smaller


def _times(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape))

"""Maxima over the cells of a grid."""

from torch import Tensor
from torch.nn import functional


def max_pool_cells(x: Tensor, factor: int) -> Tensor:
    """N x C x H x W to the maxima of H // factor by W // factor cells, which overlap where `factor` leaves a rest.

    What `adaptive_max_pool2d` does, whose backward pass is not deterministic on CUDA: sides that `factor` divides, as
    those of training patches, do without it.
    """
    height, width = x.shape[-2:]
    if height % factor or width % factor:
        return functional.adaptive_max_pool2d(x, (height // factor, width // factor))
    return functional.max_pool2d(x, factor)

"""OPE-SR, "OPE-SR: Orthogonal Position Encoding for Designing a Parameter-free Upsampling Module in
Arbitrary-scale Image Super-Resolution".

Paper: Song et al., CVPR 2023. Peculiar: the features of an LR pixel are the coefficients of an orthogonal basis of
cosines and sines about it, once per colour; at a pixel it is summed, without parameters, for the four LR pixels around,
weighted as in LIIF. No skip from the LR image.
"""

import math

import torch
from torch import Tensor, nn

from resolute.models import register_model
from resolute.models.blocks.convolution import conv3
from resolute.models.blocks.decoder import Decoder, Read
from resolute.models.blocks.queries import Queries, local_ensemble, rows, sides_of


def orthogonal_basis(offset_M2: Tensor, frequencies: int) -> Tensor:
    """The basis at offsets in half LR pixels: M x (2 frequencies + 1)^2, the vertical factor's number slow."""
    angle = offset_M2[:, :, None] * (math.pi / 2 * torch.arange(1, frequencies + 1).to(offset_M2))
    waves = math.sqrt(2) * torch.stack([angle.cos(), angle.sin()], dim=3).flatten(2)
    vertical, horizontal = torch.cat([torch.ones_like(waves[:, :, :1]), waves], dim=2).unbind(1)
    return (vertical[:, :, None] * horizontal[:, None]).flatten(1)


class Waves(nn.Module):
    """The colours (M x 3) that coefficients (M x 3 (2 frequencies + 1)^2, red's first) make at offsets (M x 2)."""

    def __init__(self, frequencies: int) -> None:
        super().__init__()
        self.frequencies = frequencies

    def forward(self, coefficients: Tensor, offset_M2: Tensor) -> Tensor:
        basis = orthogonal_basis(offset_M2, self.frequencies)
        return (coefficients.unflatten(1, (3, -1)) @ basis[:, :, None])[:, :, 0]


@register_model
class OPE(Decoder):
    """A sum of waves at every pixel.

    Args:
        width: channels of the features.
        frequencies: of cosines and sines along each axis.
        adapt: whether a convolution makes the coefficients; else they are the features, which are as many.
    """

    def __init__(self, width: int, frequencies: int = 3, adapt: bool = False) -> None:
        super().__init__()
        coefficients = 3 * (2 * frequencies + 1) ** 2
        if not adapt and width != coefficients:
            raise ValueError(f"{frequencies} frequencies need {coefficients} features, or a convolution to adapt")
        self.adapt = conv3(width, coefficients) if adapt else nn.Identity()
        self.heads = nn.ModuleList([Waves(frequencies)])

    def reader(self, features: Tensor, cell_N2: Tensor) -> Read:
        sides, coefficients = sides_of(features), rows(self.adapt(features))

        def read(queries: Queries, head: int = 0) -> Tensor:
            waves = self.heads[head]
            return local_ensemble(queries, sides, lambda found: waves(coefficients[found.index], found.offset))

        return read

"""LTE, "Local Texture Estimator for Implicit Representation Function".

Paper: Lee and Jin, CVPR 2022. Peculiar: two convolutions of the features estimate amplitudes and frequencies of waves,
a linear layer on the pixel's size their phases; the perceptron reads the waves at the pixel. Beyond x4 the pixel's size
is that of x4. The bilinearly enlarged LR image is added.
"""

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from resolute.models import register_model
from resolute.models.blocks.convolution import conv3
from resolute.models.blocks.coordinate_mlp import perceptron
from resolute.models.blocks.decoder import Decoder, Read
from resolute.models.blocks.queries import Found, Queries, as_numbers, local_ensemble, rows, sides_of


@register_model
class LTE(Decoder):
    """Waves about every LR pixel, and a perceptron that reads them.

    Args:
        width: channels of the features.
        waves: how many cosines and sines there are together.
        hidden: widths of the perceptron's hidden layers.
        experts: the same of several perceptrons, the cheapest first; they replace the one of `hidden`.
        halves: pair the first half of the frequencies with the second, as the form of 1x1 convolutions does (LTE+);
            else each with its neighbour.
    """

    skip = True
    longest = 4.0

    def __init__(
        self,
        width: int,
        waves: int = 256,
        hidden: Sequence[int] = (256, 256, 256),
        experts: Sequence[Sequence[int]] = (),
        halves: bool = False,
    ) -> None:
        super().__init__()
        self.halves = halves
        self.amplitude, self.frequency = conv3(width, waves), conv3(width, waves)
        self.phase = nn.Linear(2, waves // 2, bias=False)
        self.heads = nn.ModuleList(perceptron(waves, layers, 3) for layers in experts or [hidden])

    def reader(self, features: Tensor, cell_N2: Tensor) -> Read:
        phase = self.phase(cell_N2 * as_numbers(sides_of(features), cell_N2))
        return self._reader(features, lambda queries: phase[queries.image])

    def reference(self, features: Tensor, cell_N2: Tensor) -> Read:
        cell = cell_N2 * as_numbers(sides_of(features), cell_N2)
        return self._reader(features, lambda queries: self.phase(cell[queries.image]))

    def _reader(self, features: Tensor, phase_of: Callable[[Queries], Tensor]) -> Read:
        sides = sides_of(features)
        amplitudes, frequencies = rows(self.amplitude(features)), rows(self.frequency(features))

        def read(queries: Queries, head: int = 0) -> Tensor:
            def predict(found: Found) -> Tensor:
                frequency = frequencies[found.index]
                down, right = frequency.chunk(2, dim=1) if self.halves else (frequency[:, ::2], frequency[:, 1::2])
                vertical, horizontal = found.offset.split(1, dim=1)
                angle = math.pi * (down * vertical + right * horizontal + phase_of(queries))
                waves = torch.cat([angle.cos(), angle.sin()], dim=1)
                return self.heads[head](waves * amplitudes[found.index])

            return local_ensemble(queries, sides, predict)

        return read

"""MoEISR, "Balancing Efficiency and Quality: MoEISR for Arbitrary-Scale Image Super-Resolution".

Paper: Oh et al., arXiv 2311.12077; no code is public and its text could not be had, so what it leaves open is read as
follows. The decoder's heads are experts of different depth; a mapper of 3x3 convolutions gives logits of the experts
at LR size, from the encoder's features alone; a pixel reads them bilinearly, and takes the expert of the greatest one,
with all four LR pixels of its ensemble. Data range 0..1. One set of weights serves every scale.
"""

from itertools import pairwise
from typing import Any

from torch import Tensor, nn

from resolute.models import register_model
from resolute.models.blocks.convolution import conv3
from resolute.models.blocks.pixel_routing import Judge, PixelRouting
from resolute.models.blocks.queries import Queries, bilinear, nearest, rows, sides_of


@register_model
class MoEISR(PixelRouting):
    """An encoder, a decoder whose heads are experts, and the mapper that chooses among them.

    Args:
        scale: of the images that `forward` makes.
        mapper: 3x3 convolutions of the mapper.
        lookup: how a pixel reads the mapper's logits, `bilinear` or `nearest`.
        arguments: of `ArbitraryScale`; the decoder has `experts`.
    """

    def __init__(self, scale: float = 4, mapper: int = 5, lookup: str = "bilinear", **arguments: Any) -> None:
        super().__init__(scale, **arguments)
        if lookup not in ("bilinear", "nearest"):
            raise ValueError(f"lookup is bilinear or nearest, not '{lookup}'")
        self.lookup = lookup
        widths = [self.encoder.width] * mapper
        layers = [layer for before, after in pairwise(widths) for layer in (conv3(before, after), nn.ReLU())]
        self.mapper = nn.Sequential(*layers, conv3(self.encoder.width, len(self.decoder.heads)))

    def judge(self, features: Tensor, cell_N2: Tensor) -> Judge:
        logits = self.mapper(features)

        def judged(queries: Queries) -> Tensor:
            if self.lookup == "bilinear":
                return bilinear(logits, queries)
            return rows(logits)[nearest(queries, sides_of(logits)).index]

        return judged

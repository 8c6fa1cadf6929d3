"""PCSR, "Accelerating Image Super-Resolution Networks with Pixel-Level Classification".

Paper: Jeong et al., ECCV 2024. Peculiar: a light and a heavy perceptron read the one feature of the LR pixel in which a
query lies, and add to the bilinearly enlarged image; a third perceptron on the same input says which of them a pixel
takes. A light pixel beside a heavy one becomes the mean of its neighbourhood. Data range 0..1.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from resolute.models import register_model
from resolute.models.blocks.pixel_routing import Judge, PixelRouting
from resolute.models.blocks.queries import Grid, Queries
from resolute.models.decoders.liif import LIIF

LIGHT, HEAVY = 0, 1


@register_model
class PCSR(PixelRouting):
    """An encoder, a decoder with two heads, and the classifier that chooses between them.

    Args:
        scale: of the images that `forward` makes.
        classifier: widths of the classifier's hidden layers.
        arguments: of `ArbitraryScale`; the decoder has two `experts`.
    """

    def __init__(self, scale: float = 4, classifier: Sequence[int] = (10, 10), **arguments: Any) -> None:
        super().__init__(scale, **arguments)
        self.classifier = LIIF(self.encoder.width, classifier, unfold=False, ensemble=False, outputs=2)

    def judge(self, features: Tensor, cell_N2: Tensor) -> Judge:
        return (self.classifier.reader if self.quick else self.classifier.reference)(features, cell_N2)

    def refined(self, sr: Tensor, routes: Tensor) -> Tensor:
        """Light pixels with a heavy one among their eight neighbours as the mean of the nine, but on the outermost
        rows and columns."""
        heavy, refined = routes == HEAVY, sr.clone()
        inner = refined[..., 1:-1, 1:-1]
        beside = _around(heavy, torch.logical_or) & ~heavy[1:-1, 1:-1]
        inner.copy_(torch.where(beside, _around(sr, torch.add) / 9, inner))
        return refined

    def mixed(self, lr: Tensor) -> tuple[Tensor, Tensor]:
        """What is trained once the heavy head is: the sum of what both heads give, by their chances.

        Returns:
            N x 3 x sh x sw, and the chances of light and heavy at all pixels (M x 2).
        """
        frame = self.frame(lr)
        grid = Grid.of(lr, frame, self.scale, self.decoder.longest)
        features = self.encoder(frame)
        judge, read = self.judge(features, grid.cell), self.reader(features, grid.cell)
        judged: list[Tensor] = []

        def mixture(queries: Queries) -> Tensor:
            chances = judge(queries).softmax(dim=1)
            judged.append(chances)
            light, heavy = chances.split(1, dim=1)
            return light * read(queries, LIGHT) + heavy * read(queries, HEAVY)

        return self.image(grid, lr, mixture), torch.cat(judged)


def _around(image: Tensor, combine: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
    """The 3x3 pixels around each combined, but for the outermost rows and columns: a tenth of what pooling takes."""
    rows = combine(combine(image[..., :-2, :], image[..., 1:-1, :]), image[..., 2:, :])
    return combine(combine(rows[..., :-2], rows[..., 1:-1]), rows[..., 2:])

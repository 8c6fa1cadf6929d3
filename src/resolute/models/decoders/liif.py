"""LIIF, "Learning Continuous Image Representation with Local Implicit Image Function".

Paper: Chen et al., CVPR 2021. Peculiar: the perceptron reads 3x3 features, the way from the LR pixel and the size of
the pixel that is asked for; the four LR pixels around it each predict a colour, weighted by the areas opposite to them.
No skip from the LR image. Without unfolding and ensemble, with the skip, it is the decoder of PCSR (ECCV 2024).
"""

from collections.abc import Callable, Sequence
from functools import cache

from torch import Tensor, nn

from resolute.models import register_model
from resolute.models.blocks.coordinate_mlp import CoordinateMLP
from resolute.models.blocks.decoder import Decoder, Read
from resolute.models.blocks.queries import Found, Queries, as_numbers, local_ensemble, nearest, sides_of, unfolded


@register_model
class LIIF(Decoder):
    """A perceptron at every pixel.

    Args:
        width: channels of the features.
        hidden: widths of the perceptron's hidden layers.
        experts: the same of several perceptrons, the cheapest first; they replace the one of `hidden`.
        unfold: whether it reads the 3x3 features about an LR pixel.
        ensemble: whether the four LR pixels around a query are asked, or the one in which it lies.
        cell: whether it reads the size of the query.
        skip: whether the bilinearly enlarged LR image is added.
        outputs: 3 for colours.
    """

    def __init__(
        self,
        width: int,
        hidden: Sequence[int] = (256, 256, 256, 256),
        experts: Sequence[Sequence[int]] = (),
        unfold: bool = True,
        ensemble: bool = True,
        cell: bool = True,
        skip: bool = False,
        outputs: int = 3,
    ) -> None:
        super().__init__()
        self.ensemble, self.skip = ensemble, skip
        kernel = 3 if unfold else 1
        self.heads = nn.ModuleList(
            CoordinateMLP(width, layers, outputs, kernel, cell) for layers in experts or [hidden]
        )

    def reader(self, features: Tensor, cell_N2: Tensor) -> Read:
        sides = sides_of(features)
        cell = cell_N2 * as_numbers(sides, cell_N2)

        @cache
        def folded(head: int) -> Tensor:
            return self.pick(head, CoordinateMLP).folded(features, cell)

        def read(queries: Queries, head: int = 0) -> Tensor:
            mlp = self.pick(head, CoordinateMLP)
            return self._predicted(queries, sides, lambda found: mlp.read(folded(head), found))

        return read

    def reference(self, features: Tensor, cell_N2: Tensor) -> Read:
        sides = sides_of(features)
        cell = cell_N2 * as_numbers(sides, cell_N2)

        def read(queries: Queries, head: int = 0) -> Tensor:
            mlp, cell_M2 = self.pick(head, CoordinateMLP), cell[queries.image]
            around = unfolded(features, mlp.kernel)
            return self._predicted(queries, sides, lambda found: mlp(around, found, cell_M2))

        return read

    def _predicted(self, queries: Queries, sides: tuple[int, int], predict: Callable[[Found], Tensor]) -> Tensor:
        if self.ensemble:
            return local_ensemble(queries, sides, predict)
        return predict(nearest(queries, sides))

"""Networks of arbitrary scale that send every pixel to one of their decoder's heads."""

from abc import abstractmethod
from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

from resolute.models.arbitrary_scale import ArbitraryScale
from resolute.models.blocks.decoder import Read
from resolute.models.blocks.queries import Grid, Queries

Judge = Callable[[Queries], Tensor]
"""Gives the logits of the heads at queries: M x J."""


def greatest(logits_MJ: Tensor) -> Tensor:
    """The head of the greatest logit (M), the first on a tie."""
    return logits_MJ.argmax(dim=1)


class PixelRouting(ArbitraryScale):
    """Chooses a head for every pixel, then runs each head once over all of its pixels.

    Attributes:
        choose: from logits (M x J) to the numbers of heads (M).
        assumed: the head that every pixel takes on the meta device, where nothing can be chosen: what counters count.
            The costliest one unless it is set.
        routes: which head each pixel of the image before took: sh x sw, uint8.
    """

    choose: Callable[[Tensor], Tensor] = staticmethod(greatest)
    assumed = -1
    routes: Tensor | None = None

    @abstractmethod
    def judge(self, features: Tensor, cell_N2: Tensor) -> Judge:
        """What gives the logits of the heads, from the encoder's features."""

    def forward(self, lr: Tensor) -> Tensor:
        if len(lr) > 1:
            return torch.cat([self(image) for image in lr.split(1)])
        frame = self.frame(lr)
        grid = Grid.of(lr, frame, self.scale, self.decoder.longest)
        features = self.encoder(frame)
        judge, read = self.judge(features, grid.cell), self.reader(features, grid.cell)
        logits = (judge(grid.queries(numbers)) for numbers in self.pieces(grid.numbers))
        routes = torch.cat([self.choose(some).to(torch.uint8) for some in logits])
        if routes.is_meta:
            return self.image(grid, frame, partial(read, head=self.assumed))
        self.routes = routes.unflatten(0, grid.sides)
        return self.refined(self._dispatched(grid, frame, read, routes), self.routes)

    def refined(self, sr: Tensor, routes: Tensor) -> Tensor:
        """What becomes of an SR image (1 x 3 x sh x sw) at last, whose pixels took these heads."""
        return sr

    def _dispatched(self, grid: Grid, frame: Tensor, read: Read, routes: Tensor) -> Tensor:
        colours = frame.new_empty(grid.size, 3)
        for head in range(len(self.decoder.heads)):
            for numbers in self.pieces((routes == head).nonzero()[:, 0]):
                queries = grid.queries(numbers)
                colours[numbers] = self.finished(read(queries, head), frame, queries)
        return colours.T.unflatten(1, grid.sides)[None]

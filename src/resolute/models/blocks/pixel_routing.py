"""Networks of arbitrary scale that send every pixel to one of their decoder's heads."""

from abc import abstractmethod
from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

from resolute.models.arbitrary_scale import ArbitraryScale
from resolute.models.blocks.decoder import Read
from resolute.models.blocks.queries import Grid, Queries, ask

Judge = Callable[[Queries], Tensor]
"""Gives the logits of the heads at queries: M x J."""


def greatest(logits_MJ: Tensor) -> Tensor:
    """The head of the greatest logit (M), the first on a tie."""
    return logits_MJ.argmax(dim=1)


class PixelRouting(ArbitraryScale):
    """Chooses a head for every pixel, then runs each head once over all of its pixels.

    Attributes:
        choose: from the logits of an image's pixels (M x J) to the numbers of heads (M).
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
        logits = torch.cat([judge(grid.queries(numbers)) for numbers in self.pieces(grid.numbers)])
        if logits.is_meta:
            return self.image(grid, lr, partial(read, head=self.assumed))
        routes = self.choose(logits).to(torch.uint8)
        self.routes = routes.unflatten(0, grid.sides)
        return self.refined(self.shown(self._dispatched(grid, read, routes), lr, grid), self.routes)

    def query(self, lr: Tensor, coord_NQ2: Tensor, cell_N2: Tensor) -> Tensor:
        colours, logits = self.query_all(lr, coord_NQ2, cell_N2)
        chosen = self.choose(logits.flatten(0, 1)).view(*logits.shape[:2], 1, 1)
        return colours.take_along_dim(chosen, dim=2)[:, :, 0]

    def query_all(self, lr: Tensor, coord_NQ2: Tensor, cell_N2: Tensor) -> tuple[Tensor, Tensor]:
        """What every head gives (N x Q x J x 3), and the logits (N x Q x J); arguments as of `query`."""
        centred, queries = self.centred(lr), ask(coord_NQ2, cell_N2)
        features = self.encoder(centred)
        read, judge = self.decoder.reader(features, cell_N2), self.judge(features, cell_N2)
        colours = [self.finished(read(queries, head), centred, queries) for head in range(len(self.decoder.heads))]
        shape = coord_NQ2.shape[:2]
        return torch.stack(colours, dim=1).unflatten(0, shape), judge(queries).unflatten(0, shape)

    def refined(self, sr: Tensor, routes: Tensor) -> Tensor:
        """What becomes of an SR image (1 x 3 x sh x sw) at last, whose pixels took these heads."""
        return sr

    def _dispatched(self, grid: Grid, read: Read, routes: Tensor) -> Tensor:
        colours = grid.cell.new_empty(grid.size, 3)
        for head in range(len(self.decoder.heads)):
            for numbers in self.pieces((routes == head).nonzero()[:, 0]):
                colours[numbers] = read(grid.queries(numbers), head)
        return colours.T.unflatten(1, grid.sides)[None]

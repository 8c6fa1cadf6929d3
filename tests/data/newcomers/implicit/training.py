"""How the decoder is trained: on single pixels of crops, each reduced by a scale of its own."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from resolute.core.layout import Span
from resolute.images.imresize import imresize
from resolute.images.pack import HRPack
from resolute.methods.learner import Learner
from resolute.methods.network.training import build, released
from resolute.methods.plan import Phase, Plan
from resolute.registry import Entry

__all__ = ["SKIPS", "build", "learner", "released"]

SKIPS = False
QUERIES = 64


@dataclass(frozen=True)
class Queries:
    """LR crops (N x 3 x h x w), places and sizes of pixels, and what they are (N x Q x 3), in 0..1."""

    lr: Tensor
    place: Tensor
    size: Tensor
    rgb: Tensor

    def to(self, device: torch.device) -> "Queries":
        """The same on a device."""
        return Queries(*(tensor.to(device) for tensor in vars(self).values()))


class ImplicitLearner(Learner):
    """The L1 error of single pixels."""

    def __init__(self, network: nn.Module, span: Span, data_range: float) -> None:
        super().__init__(network, span.high, data_range)
        self.span = span

    def check(self, pack: HRPack, plan: Plan) -> None:
        """Any plan fits: crops are as large as images are."""

    def draw(self, pack: HRPack, phase: Phase, generator: np.random.Generator, mine: slice) -> Queries:
        """A crop of a random image at a random scale, for every place of the batch."""
        drawn = [self._sample(pack, phase.lr_patch_size, generator) for _ in range(phase.batch_size)]
        columns = zip(*drawn[mine], strict=True)
        return Queries(*(torch.from_numpy(np.stack(column)).float() for column in columns))

    def forward(self, batch: Queries, phase: Phase) -> dict[str, Tensor]:
        """The mean absolute error."""
        return {"l1": (self.network.query(batch.lr, batch.place, batch.size) - batch.rgb).abs().mean()}

    def _sample(self, pack: HRPack, side: int, generator: np.random.Generator) -> tuple[np.ndarray, ...]:
        scale = generator.uniform(self.span.low, self.span.high)
        image = pack.hr(int(generator.integers(len(pack.hr_images))))
        hr_side = round(side * scale)
        row, column = (int(generator.integers(extent - hr_side + 1)) for extent in image.shape[:2])
        hr = image[row : row + hr_side, column : column + hr_side]
        lr = imresize(hr, side / hr_side, size=(side, side))
        chosen = generator.integers(hr_side, size=(QUERIES, 2))
        rgb = hr[chosen[:, 0], chosen[:, 1]]
        return lr.transpose(2, 0, 1) / 255, (chosen + 0.5) / hr_side, np.array([side / hr_side]), rgb / 255


def learner(entry: Entry, span: Span, plan: Plan) -> ImplicitLearner:
    """The network for all scales of a span."""
    return ImplicitLearner(build(entry, span.high), span, entry.data_range)

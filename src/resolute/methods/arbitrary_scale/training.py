"""How a network of arbitrary scale is trained: on single pixels of crops, each reduced by a scale of its own."""

from typing import Any

import numpy as np
from torch import Tensor, nn

from resolute.core.layout import Span
from resolute.images.pack import HRPack
from resolute.methods.learner import Learner
from resolute.methods.network.training import build, released
from resolute.methods.pixels import Pixels, check_pixels, draw_pixels
from resolute.methods.plan import Phase, Plan
from resolute.registry import Entry

__all__ = ["SKIPS", "PixelLearner", "build", "learner", "released"]

SKIPS = Learner.skips


class PixelLearner(Learner):
    """The error of the pixels that are asked for."""

    network: Any

    def __init__(self, network: nn.Module, span: Span, data_range: float, plan: Plan) -> None:
        super().__init__(network, span.high, data_range, plan)
        self.span = span

    def check(self, pack: HRPack, plan: Plan) -> None:
        check_pixels(pack, self.span, plan)

    def draw(self, pack: HRPack, phase: Phase, generator: np.random.Generator, mine: slice) -> Pixels:
        return draw_pixels(pack, self.span, phase, generator, mine)

    def forward(self, batch: Pixels, phase: Phase) -> dict[str, Tensor]:
        rgb = self.network.query(batch.lr.float() * (self.data_range / 255), batch.coord, batch.cell)
        return {phase.loss.name: self.losses.of(phase)(rgb.float() / self.data_range, batch.rgb.float() / 255)}


def learner(entry: Entry, span: Span, plan: Plan) -> PixelLearner:
    """The network for all scales of a span."""
    return PixelLearner(build(entry, span.high), span, entry.data_range, plan)

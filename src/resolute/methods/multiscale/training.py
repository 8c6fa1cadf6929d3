"""How one network for several scales is trained: at every step at one of them, drawn at random."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from torch import Tensor, nn

from resolute.core.errors import ResoluteError
from resolute.core.layout import Span
from resolute.images.imresize import imresize
from resolute.images.pack import HRPack
from resolute.methods.learner import Learner
from resolute.methods.network.training import build, released
from resolute.methods.pairs import Pairs
from resolute.methods.plan import Phase, Plan
from resolute.registry import Entry

__all__ = ["SKIPS", "build", "learner", "released"]

SKIPS = True  # the upsamplers of the other scales have no gradient
# LR pixels around a crop that its reduction reads, so that it gives what reducing the whole image does.
MARGIN = 3


class MultiscaleLearner(Learner):
    """Pairs at a random one of several scales, of HR crops that are reduced when they are drawn."""

    skips = SKIPS

    def __init__(self, network: nn.Module, scales: Sequence[int], data_range: float, plan: Plan) -> None:
        super().__init__(network, max(scales), data_range, plan)
        self.scales = tuple(scales)

    def check(self, pack: HRPack, plan: Plan) -> None:
        """Refuse crops that do not fit the images, and samplers: there is no index of patches to choose from."""
        least = min(min(image.height, image.width) for image in pack.hr_images)
        for phase in plan.phases:
            if (phase.lr_patch_size + 2 * MARGIN) * max(self.scales) > least:
                raise ResoluteError(
                    f"lr_patch_size {phase.lr_patch_size} does not fit the smallest training image at "
                    f"x{max(self.scales)}: its HR side is {least}"
                )
            if phase.sampler.name != "uniform":
                raise ResoluteError(f"sampler {phase.sampler.name} needs patches of one scale: choose uniform")

    def draw(self, pack: HRPack, phase: Phase, generator: np.random.Generator, mine: slice) -> Pairs:
        """Crops of random images at random places, all at one scale."""
        scale = self.scales[int(generator.integers(len(self.scales)))]
        images = generator.integers(len(pack.hr_images), size=phase.batch_size)
        where = generator.random((phase.batch_size, 2))
        turn = generator.integers(8, size=phase.batch_size)
        crops = [
            _crop(pack.hr(int(image)), scale, place, phase.lr_patch_size)
            for image, place in zip(images[mine], where[mine], strict=True)
        ]
        return Pairs.turned(crops, turn[mine])

    def forward(self, batch: Pairs, phase: Phase) -> dict[str, Tensor]:
        """The terms of the loss at the scale of the batch."""
        network: Any = self.network
        network.at(batch.hr.shape[1] // batch.lr.shape[1])
        return super().forward(batch, phase)


def learner(entry: Entry, span: Span, plan: Plan) -> MultiscaleLearner:
    """The network with the upsamplers of all scales in a span."""
    scales = [int(scale) for scale in entry.scales if span.low <= scale <= span.high]
    return MultiscaleLearner(build(entry, span.high), scales, entry.data_range, plan)


def _crop(image: np.ndarray, scale: int, where: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """An LR crop and its HR crop; LR pixels near the image's border, whose reduction depends on it, have no part."""
    around = size + 2 * MARGIN
    top, left = (
        int(chance * (extent // scale - around + 1)) * scale
        for chance, extent in zip(where, image.shape[:2], strict=True)
    )
    hr = image[top : top + around * scale, left : left + around * scale]
    lr = imresize(hr, 1 / scale, size=(around, around))
    inner = slice(MARGIN * scale, (MARGIN + size) * scale)
    return lr[MARGIN : MARGIN + size, MARGIN : MARGIN + size], hr[inner, inner]

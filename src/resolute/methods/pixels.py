"""Single pixels of crops, each reduced by a scale of its own: what networks of arbitrary scale are trained on."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from resolute.core.errors import ResoluteError
from resolute.core.layout import Span
from resolute.images.imresize import imresize
from resolute.images.pack import HRPack
from resolute.methods.plan import Phase, Plan

VARIANT = "pillow"  # of the reduction, whatever LR images are tested on (LIIF, CVPR 2021, and those after it)
LOSSES = ("l1", "l2", "charbonnier")  # of pixels that are no image


@dataclass(frozen=True)
class Pixels:
    """LR crops and the pixels that are asked for.

    Attributes:
        lr: N x 3 x h x w, uint8.
        coord: N x Q x 2, of the pixels' centres, in -1..1, vertical first.
        cell: N x 2, the sides of a pixel, where the crop is 2 x 2.
        rgb: N x Q x 3, uint8, what they are.
    """

    lr: Tensor
    coord: Tensor
    cell: Tensor
    rgb: Tensor

    def to(self, device: torch.device) -> "Pixels":
        """The same on a device."""
        return Pixels(*(tensor.to(device) for tensor in vars(self).values()))


def draw_pixels(pack: HRPack, span: Span, phase: Phase, generator: np.random.Generator, mine: slice) -> Pixels:
    """As many crops as a batch has, each of a random image at a random scale of the span, randomly turned.

    Of each as many pixels are asked for as its LR crop has, none twice (Chen et al., LIIF, CVPR 2021).

    Args:
        generator: of the step.
        mine: which of the batch's crops to reduce: this process's share.
    """
    drawn = [_crop(pack, span, phase.lr_patch_size, generator) for _ in range(phase.batch_size)]
    columns = zip(*(_reduced(hr, phase.lr_patch_size, chosen) for hr, chosen in drawn[mine]), strict=True)
    return Pixels(*(torch.from_numpy(np.stack(column)) for column in columns))


def check_pixels(pack: HRPack, span: Span, plan: Plan) -> None:
    """Refuse a plan that does not fit: crops larger than an image, or choices that need patches.

    Raises:
        ResoluteError: naming the setting to change.
    """
    least = min(min(image.height, image.width) for image in pack.hr_images)
    for phase in plan.phases:
        if round(phase.lr_patch_size * span.high) > least:
            raise ResoluteError(
                f"lr_patch_size {phase.lr_patch_size} at x{span.high:g} does not fit the smallest training image: "
                f"its side is {least}"
            )
        if phase.sampler.name != "uniform":
            raise ResoluteError(f"sampler {phase.sampler.name} chooses among patches at one scale: choose uniform")
        if phase.loss.name not in LOSSES:
            raise ResoluteError(f"loss {phase.loss.name} is of whole patches: choose one of {', '.join(LOSSES)}")


def _crop(pack: HRPack, span: Span, side: int, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A turned HR crop, and the numbers of the pixels that are asked for."""
    scale = generator.uniform(span.low, span.high)
    image = pack.hr(int(generator.integers(len(pack.hr_images))))
    hr_side = round(side * scale)
    top, left = (int(generator.integers(extent - hr_side + 1)) for extent in image.shape[:2])
    hr = image[top : top + hr_side, left : left + hr_side]
    down, across, transposed = generator.integers(2, size=3)
    hr = hr[:: -1 if down else 1, :: -1 if across else 1]
    chosen = generator.choice(hr_side**2, side**2, replace=False)
    return hr.transpose(1, 0, 2) if transposed else hr, chosen


def _reduced(hr: np.ndarray, side: int, chosen: np.ndarray) -> tuple[np.ndarray, ...]:
    hr_side = len(hr)
    lr = imresize(np.ascontiguousarray(hr), side / hr_side, VARIANT, size=(side, side))
    row, column = np.divmod(chosen, hr_side)
    coord = (2 * np.stack([row, column], axis=1) + 1) / hr_side - 1
    return lr.transpose(2, 0, 1), coord.astype(np.float32), np.full(2, 2 / hr_side, np.float32), hr[row, column]

"""How ARM is trained: one subnet at every step, the costly ones oftener; what each reaches is tabulated at the end."""

import numpy as np
import torch
from torch import Tensor

from resolute.core.errors import ResoluteError
from resolute.core.layout import Span
from resolute.images.edges import edge_score
from resolute.images.pack import Pack
from resolute.methods.arm.supernet import ARM, BINS, costs, fresh_subnet, released, subnet
from resolute.methods.learner import Learner
from resolute.methods.pairs import Pairs
from resolute.methods.patchwise import PATCH, STRIDE, patch_psnr, training_patches
from resolute.methods.plan import Phase, Plan
from resolute.models.blocks import slicing
from resolute.registry import Entry

__all__ = ["SKIPS", "build", "learner", "released"]

SKIPS = False  # every tensor has a part in every subnet

build = released


class ARMLearner(Learner):
    """The supernet, of which every step trains one subnet; bicubic has nothing to learn."""

    network: ARM

    def __init__(self, entry: Entry, scale: float, plan: Plan) -> None:
        super().__init__(released(entry, scale), scale, entry.data_range, plan)
        self.entry = entry
        with torch.device("meta"):  # their weights are the supernet's
            self.subnets = [fresh_subnet(entry, scale, number) for number in range(1, len(entry.experts))]
        self.odds = torch.from_numpy(costs(entry, scale)[1:] ** 2)

    def check(self, pack: Pack, plan: Plan) -> None:
        """Refuse images without a patch to tabulate, too."""
        super().check(pack, plan)
        if not any(min(image.height, image.width) >= PATCH for image in pack.lr_images):
            raise ResoluteError(
                f"no training image has LR sides of {PATCH} pixels: {self.entry.name} needs larger ones"
            )

    def forward(self, batch: Pairs, phase: Phase) -> dict[str, Tensor]:
        """The loss of a subnet, drawn by its squared cost."""
        lr, hr = batch.as_images(self.data_range)
        chosen = self.subnets[int(torch.multinomial(self.odds, 1))]
        sr = slicing.run(self.network.full, chosen, lr).float() / self.data_range
        return {phase.loss.name: self.losses.of(phase)(sr, hr / self.data_range)}

    def conclude(self, pack: Pack) -> None:
        """Tabulate the PSNR of every subnet over the edge score, on patches evenly spaced over the training images."""
        device = next(self.network.full.parameters()).device
        subnets = [
            subnet(self.entry, self.scale, number, self.network).to(device).eval()
            for number in range(len(self.entry.experts))
        ]
        scores, psnrs = [], []
        for lr, hr in training_patches(pack, PATCH, STRIDE):
            scores.append(edge_score(lr))
            psnrs.append([patch_psnr(one, lr, hr, self.data_range, str(device)) for one in subnets])
        centres, means = tabulated(np.concatenate(scores), np.concatenate(psnrs, axis=1))
        self.network.centres.copy_(torch.from_numpy(centres))
        self.network.psnr.copy_(torch.from_numpy(means))


def learner(entry: Entry, span: Span, plan: Plan) -> ARMLearner:
    """The supernet, and what draws its subnets."""
    return ARMLearner(entry, span.low, plan)


def tabulated(scores: np.ndarray, psnr: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The mean PSNR over `BINS` equal bins of the edge score from 0 to the greatest there is.

    Args:
        scores: of patches (N), 0..255.
        psnr: of each by every subnet (J x N), in dB.

    Returns:
        The bins' centres (B) and means (J x B); a bin without a patch has what lies between those of its neighbours.
    """
    step = max(float(scores.max()), 1.0) / BINS
    centres = (np.arange(BINS) + 0.5) * step
    bins = np.minimum((scores / step).astype(int), BINS - 1)
    count = np.bincount(bins, minlength=BINS)
    filled = count > 0
    means = [np.bincount(bins, row, BINS)[filled] / count[filled] for row in psnr]
    return centres, np.stack([np.interp(centres, centres[filled], row) for row in means])

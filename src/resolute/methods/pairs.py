"""Pairs of LR and HR patches: what most networks are trained on."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from resolute.images.pack import Pack
from resolute.methods.plan import Phase
from resolute.methods.samplers import SAMPLERS


@dataclass(frozen=True)
class Pairs:
    """LR (N x h x w x 3) and HR (N x sh x sw x 3) patches, uint8, turned."""

    lr: Tensor
    hr: Tensor

    @classmethod
    def turned(cls, crops: Iterable[tuple[np.ndarray, np.ndarray]], turns: Iterable[int]) -> "Pairs":
        """LR and HR crops (height x width x 3), both turned.

        Args:
            turns: a number 0 to 7 per pair: bit 0 flips left-right, bit 1 top-bottom, then bit 2 transposes.
        """
        pairs = [[_turned(crop, turn) for crop in pair] for pair, turn in zip(crops, turns, strict=True)]
        lr, hr = (torch.from_numpy(np.stack(side)) for side in zip(*pairs, strict=True))
        return cls(lr, hr)

    def to(self, device: torch.device) -> "Pairs":
        """The same on a device."""
        return Pairs(self.lr.to(device), self.hr.to(device))

    def as_images(self, data_range: float) -> tuple[Tensor, Tensor]:
        """LR and HR as networks read them: N x 3 x h x w, float32, in 0..data_range."""
        return _to_network(self.lr, data_range), _to_network(self.hr, data_range)


def draw_pairs(pack: Pack, scale: float, phase: Phase, generator: np.random.Generator, mine: slice) -> Pairs:
    """The patches that a phase's sampler draws, each at a random place about it and randomly turned.

    Args:
        generator: of the step.
        mine: which of the batch's patches to cut out: this process's share.
    """
    drawn = SAMPLERS.function(phase.sampler)(generator, pack.columns, phase.batch_size)
    jitter = generator.random((phase.batch_size, 2))
    turn = generator.integers(8, size=phase.batch_size)
    crops = [
        _crop(pack, scale, row, where, phase.lr_patch_size)
        for row, where in zip(drawn[mine], jitter[mine], strict=True)
    ]
    return Pairs.turned(crops, turn[mine])


def _crop(pack: Pack, scale: float, row: int, where: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """A crop of the asked size at a random place about a patch: within it where the crop is smaller."""
    number = int(pack.columns["image"][row])
    lr, hr = pack.lr(number), pack.hr(number)
    corners = pack.columns["row"][row], pack.columns["column"][row]
    corner = []
    for start, extent, chance in zip(corners, lr.shape[:2], where, strict=True):
        low, high = sorted((int(start), int(start) + pack.lr_size - size))
        low, high = max(low, 0), min(high, extent - size)
        corner.append(low + int(chance * (high - low + 1)))
    y, x = corner
    top, left, side = round(y * scale), round(x * scale), round(size * scale)
    return lr[y : y + size, x : x + size], hr[top : top + side, left : left + side]


def _turned(crop: np.ndarray, turn: int) -> np.ndarray:
    crop = crop[:: -1 if turn & 2 else 1, :: -1 if turn & 1 else 1]
    return crop.transpose(1, 0, 2) if turn & 4 else crop


def _to_network(pixels_BHWC: Tensor, data_range: float) -> Tensor:
    """Patches on the device as a network reads them: N x 3 x h x w, float32, in 0..data_range."""
    x = pixels_BHWC.permute(0, 3, 1, 2).float() * (data_range / 255)
    return x.contiguous(memory_format=torch.channels_last)

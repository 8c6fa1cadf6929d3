"""Upscaling an image patch by patch, each by the expert that it is sent to: as ClassSR, ARM and WBSR infer.

Patches lie on a grid from the upper left corner, as long as a whole one fits. What the grid leaves over at the right
and at the bottom is the border: further patches, flush with the image's end, are taken for these pixels alone. So the
area that the papers measure (protocol `classsr`) is made of the grid's patches only, as theirs is.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from resolute.images.pack import Pack
from resolute.methods.upscaled import Upscaled

Network = Callable[[Tensor], Tensor]
"""From N x 3 x s x s to N x 3 x S x S, both in 0..data_range."""

PATCH, STRIDE = 32, 28  # LR pixels: ClassSR's, which ARM takes; WBSR names none
SHAVE = 4  # HR pixels around a patch that do not count in its PSNR, as the authors measure at x4
EQUAL = 80.0  # dB, of a patch that is its original
MOST_PATCHES = 22_194  # of a training set that are looked at: as many as ARM takes, of DIV2K's validation images
# LR pixels that an expert takes at once, which bounds its memory: 64 patches of 32x32.
BATCH_PIXELS = 2**16


class PatchGrid:
    """Where the patches of an image lie, numbered row by row.

    Args:
        height, width: of the image, at least `size`.
        size: side of a patch in pixels.
        stride: from one patch of the grid to the next, at most `size`.
        border: also the patches beyond the grid; without them, what the grid leaves over is no part of any.

    Attributes:
        is_border: of each patch (N), whether it is one beyond the grid.
    """

    def __init__(self, height: int, width: int, size: int, stride: int, border: bool = True) -> None:
        self.size = size
        self.rows, self.columns = (_Line(side, size, stride, border) for side in (height, width))
        self.is_border = np.logical_or.outer(self.rows.is_border, self.columns.is_border).ravel()

    def __len__(self) -> int:
        return len(self.is_border)

    def cut(self, image: np.ndarray) -> np.ndarray:
        """The patches of an image (h x w x C): N x size x size x C."""
        rows, columns = self.rows.places(), self.columns.places()
        patches = image[rows[:, None, :, None], columns[None, :, None, :]]
        return patches.reshape(-1, *patches.shape[2:])

    def nearest(self) -> np.ndarray:
        """The patch that each pixel is nearest to, of those that have a part in it: h x w of their numbers."""
        return self.rows.nearest()[:, None] * len(self.columns.starts) + self.columns.nearest()

    def canvas(self, scale: int, device: str) -> "Canvas":
        """What the SR patches of the image are merged on."""
        return Canvas(self, scale, device)


class Canvas:
    """An SR image in the making: the mean of all patches that a pixel has in them.

    Args:
        grid: of the LR image.
        scale: the enlargement.
    """

    def __init__(self, grid: PatchGrid, scale: int, device: str) -> None:
        self.lines = [(line.places(scale), line.own(scale)) for line in (grid.rows, grid.columns)]
        self.times = [np.bincount(places[own]) for places, own in self.lines]
        self.height, self.width = map(len, self.times)
        self.total = torch.zeros(self.height * self.width, 3, device=device)

    def add(self, numbers: np.ndarray, sr: Tensor) -> None:
        """Put patches (n x 3 x S x S) in their places, by their numbers in the grid (n)."""
        which = np.divmod(numbers, len(self.lines[1][0]))
        (rows, own_rows), (columns, own_columns) = (
            (places[one], own[one]) for (places, own), one in zip(self.lines, which, strict=True)
        )
        places = torch.from_numpy(rows[:, :, None] * self.width + columns[:, None, :])
        own = torch.from_numpy(own_rows[:, :, None] & own_columns[:, None, :])
        pixels = sr.permute(0, 2, 3, 1) * own.to(sr.device)[..., None]
        self.total.index_add_(0, places.to(sr.device).flatten(), pixels.reshape(-1, 3))

    def image(self) -> np.ndarray:
        """The SR image, H x W x 3, float32."""
        times = torch.from_numpy(np.multiply.outer(*self.times)).to(self.total)
        return (self.total.view(self.height, self.width, 3) / times[..., None]).cpu().numpy()


class _Line:
    """The patches along one axis."""

    def __init__(self, length: int, size: int, stride: int, border: bool) -> None:
        grid = np.arange(0, length - size + 1, stride)
        covered = grid[-1] + size
        self.size = size
        self.starts = np.append(grid, length - size) if border and covered < length else grid
        self.is_border = self.starts > grid[-1]
        # A patch beyond the grid owns what the grid does not cover.
        self.owned_from = np.where(self.is_border, covered - self.starts, 0)

    def places(self, scale: int = 1) -> np.ndarray:
        """Where the pixels of each patch lie, when all is enlarged by a scale: patches x size."""
        return (self.starts * scale)[:, None] + np.arange(self.size * scale)

    def nearest(self) -> np.ndarray:
        """The patch that each pixel belongs to where one is to be named: overlaps are halved."""
        halves = (self.starts[:-1] + self.size + self.starts[1:] + 1) // 2
        borders = np.where(self.is_border[1:], (self.starts + self.owned_from)[1:], halves)
        return np.searchsorted(borders, np.arange(self.starts[-1] + self.size), side="right")

    def own(self, scale: int = 1) -> np.ndarray:
        """Which of them the patch has a part in: patches x size."""
        return np.arange(self.size * scale) >= (self.owned_from * scale)[:, None]


@dataclass(frozen=True)
class Expert:
    """One way to enlarge a patch.

    Attributes:
        name: in the registry entry.
        macs: multiply-adds that a patch takes.
        flops: what the method's authors count for a patch, where that is not two for each multiply-add.
    """

    name: str
    network: Network
    macs: int
    flops: float | None = None

    @property
    def printed_flops(self) -> float:
        """FLOPs of a patch as the method's paper has them."""
        return 2.0 * self.macs if self.flops is None else self.flops


def _take_any(_height: int, _width: int) -> None:
    """No image is too small."""


@dataclass(frozen=True)
class PatchUpscaler:
    """Enlarges LR images patch by patch, all patches of an expert together.

    The SR patches of a uint8 image are clamped and rounded to whole values before they are merged, as the authors' are;
    those of a float image stay as they are.

    Attributes:
        experts: the cheapest first; their networks lie on `device`.
        route: from patches (N x size x size x 3, of the image's type) to the numbers of their experts (N).
        scale: the enlargement.
        size, stride: of the grid, in LR pixels.
        data_range: of the experts.
        route_macs: the multiply-adds that the choice takes for a patch, which are spent whatever is chosen.
        check_size: refuses the height and width of an image that is too small.
    """

    experts: Sequence[Expert]
    route: Callable[[np.ndarray], np.ndarray]
    scale: int
    size: int
    stride: int
    data_range: float
    device: str
    route_macs: int = 0
    check_size: Callable[[int, int], None] = _take_any

    def __call__(self, lr: np.ndarray) -> Upscaled:
        """The SR image, with what was chosen for the `patches` of the grid and, beside, for those of the `border`.

        Args:
            lr: h x w x 3, uint8 or float in 0..255, no side shorter than a patch.
        """
        self.check_size(lr.shape[0], lr.shape[1])
        grid = PatchGrid(lr.shape[0], lr.shape[1], self.size, self.stride)
        canvas = grid.canvas(self.scale, self.device)
        patches = grid.cut(lr)
        chosen = self.route(patches)
        for number, expert in enumerate(self.experts):
            own = np.flatnonzero(chosen == number)
            for some, sr in in_batches(expert.network, patches[own], self.data_range, self.device):
                canvas.add(own[some], sr.clamp(0, 255).round() if lr.dtype == np.uint8 else sr)
        costs = np.array([expert.macs + self.route_macs for expert in self.experts])
        flops = np.array([expert.printed_flops for expert in self.experts])
        places = {"patches": chosen[~grid.is_border], "border": chosen[grid.is_border]}
        return Upscaled(
            canvas.image(),
            macs=int(costs[chosen].sum()),
            full_macs=int(costs.max()) * len(grid),
            paper_flops=float(flops[places["patches"]].sum()),
            chosen={place: self._named(numbers) for place, numbers in places.items() if len(numbers)},
            routes=chosen[grid.nearest()].astype(np.uint8),
            costs={expert.name: int(cost) * len(grid) for expert, cost in zip(self.experts, costs, strict=True)},
        )

    def _named(self, numbers: np.ndarray) -> dict[str, int]:
        times = Counter(numbers.tolist())
        return {expert.name: times[number] for number, expert in enumerate(self.experts) if times[number]}


def in_batches(network: Network, patches: np.ndarray, data_range: float, device: str) -> Iterator[tuple[slice, Tensor]]:
    """What a network makes of patches (N x s x s x 3, in 0..255), at most `BATCH_PIXELS` at once.

    Yields:
        Which of them, and their SR patches: n x 3 x S x S, float32, on the device, in 0..255, not clamped.
    """
    for some, sr in computed(network, patches, data_range, device):
        yield some, sr * (255 / data_range)


def computed(
    function: Callable[[Tensor], Tensor], patches: np.ndarray, data_range: float, device: str
) -> Iterator[tuple[slice, Tensor]]:
    """Anything that a function says of patches as networks read them (n x 3 x s x s, in 0..data_range), likewise."""
    count = max(1, BATCH_PIXELS // (patches.shape[1] * patches.shape[2]))
    for first in range(0, len(patches), count):
        some = slice(first, first + count)
        # TF32 keeps 10 bits of the mantissa, which moves a published PSNR by up to 0.004 dB.
        with torch.inference_mode(), torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
            lr = torch.from_numpy(patches[some]).to(device).permute(0, 3, 1, 2).float()
            found = function(lr * (data_range / 255))
        yield some, found


def patch_psnr(network: Network, lr: np.ndarray, hr: np.ndarray, data_range: float, device: str) -> np.ndarray:
    """PSNR in dB of patches (N), RGB, of SR rounded to whole values: at most 80.

    Args:
        network: lies on the device.
        lr, hr: the patches, N x s x s x 3 and N x S x S x 3, uint8.
    """
    inner = slice(SHAVE, -SHAVE)
    found = [np.empty(0)]
    for some, sr in in_batches(network, lr, data_range, device):
        original = torch.from_numpy(hr[some]).to(device).permute(0, 3, 1, 2)
        error = (sr.clamp(0, 255).round() - original)[:, :, inner, inner].double().square().mean(dim=(1, 2, 3))
        found.append(torch.where(error > 0, 10 * torch.log10(255**2 / error), EQUAL).cpu().numpy())
    return np.concatenate(found)


def training_patches(pack: Pack, size: int, stride: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """LR and HR patches (n x size x size x 3 and their HR), image by image: of all that there are every so manieth."""
    large = [number for number, image in enumerate(pack.lr_images) if min(image.height, image.width) >= size]
    grids = [_covering(pack.lr(number), size, stride) for number in large]
    every = -(-sum(map(len, grids)) // MOST_PATCHES)
    passed, scale = 0, int(pack.scale)
    for number, grid in zip(large, grids, strict=True):
        kept = slice(-passed % every, None, every)
        passed += len(grid)
        if kept.start < len(grid):
            hr = pack.hr(number)
            yield grid.cut(pack.lr(number))[kept], _covering(hr, size * scale, stride * scale).cut(hr)[kept]


def _covering(image: np.ndarray, size: int, stride: int) -> PatchGrid:
    return PatchGrid(image.shape[0], image.shape[1], size, stride, border=False)

"""The photographs that come with scikit-image: what graphs are checked, calibrated and measured on.

Read where they are installed: an export leaves no data set behind.
"""

from collections.abc import Callable, Iterator
from importlib.resources import files as package_files
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from resolute import datasets
from resolute.core.errors import ResoluteError
from resolute.core.provenance import file_sha256
from resolute.images.files import read_image, to_rgb
from resolute.images.imresize import crop_to_multiple, imresize, lr_size
from resolute.metrics.protocols import measure

DATASET = "embedded"
PROTOCOL = "y_basicsr"
PATCH = 64  # LR pixels


def calibration_patches(scale: float, minimum_side: int) -> list[Tensor]:
    """LR patches of the training split alone (1 x 3 x h x w, 0..1): the four corners of each photograph."""
    side = max(PATCH, minimum_side)
    patches = []
    for _, lr in _pairs("train", scale):
        places = [(row, column) for row in _ends(lr.shape[0], side) for column in _ends(lr.shape[1], side)]
        patches += [_tensor(lr[row : row + side, column : column + side]) for row, column in places]
    return patches


def crop(height: int, width: int) -> Tensor:
    """The middle of a photograph of the test split, 1 x 3 x height x width, 0..1; sides of at most 512 pixels."""
    photograph = to_rgb(next(_originals("test")))
    top, left = ((whole - side) // 2 for whole, side in zip(photograph.shape, (height, width), strict=False))
    return _tensor(photograph[top : top + height, left : left + width])


def mean_psnr(upscale: Callable[[Tensor], Tensor], scale: float, name: str) -> float:
    """Mean PSNR in dB on the test split, by `PROTOCOL`.

    Raises:
        ResoluteError: what is made of an image is not finite.
    """
    found = []
    for hr, lr in _pairs("test", scale):
        with torch.inference_mode():
            sr = upscale(_tensor(lr))[0].permute(1, 2, 0).numpy() * 255
        if not np.isfinite(sr).all():
            raise ResoluteError(f"{name} gives pixels that are not finite: export it in fp32")
        found.append(measure(sr, hr, scale, PROTOCOL)["psnr"])
    return float(np.mean(found))


def _pairs(split: str, scale: float) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """HR images, and the LR images that `degrade` makes of them in RGB."""
    variant = datasets.entry(DATASET).variant_at(scale)
    for original in _originals(split):
        hr = crop_to_multiple(original, scale)
        yield hr, to_rgb(imresize(hr, 1 / scale, variant, size=lr_size(hr, scale)))


def _originals(split: str) -> Iterator[np.ndarray]:
    dataset = datasets.entry(DATASET)
    for file in dataset.files():
        if file.split == split:
            path = Path(str(package_files(dataset.source.package).joinpath(file.path)))
            if file_sha256(path) != file.sha256:
                raise ResoluteError(f"{path} is not the photograph on record: reinstall {dataset.source.package}")
            yield read_image(path)


def _ends(length: int, side: int) -> tuple[int, ...]:
    """Where patches at both ends of an axis begin; one, where they would be the same."""
    return (0, length - side) if length > side else (0,)


def _tensor(lr: np.ndarray) -> Tensor:
    return torch.from_numpy(lr.astype(np.float32) / 255).permute(2, 0, 1)[None].contiguous()

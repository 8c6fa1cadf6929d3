"""Training pixels packed into one memory-mapped array, so that no step of training decodes a PNG.

All HR and LR images of a data set's training splits lie one after the other in a flat uint8 array
(`data/patches/<dataset>/x<scale>.npy`), each height x width x 3, row by row. Where each begins is kept in the
metadata of the patch index beside it.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from resolute.core import layout
from resolute.core.errors import ResoluteError


@dataclass(frozen=True)
class PackedImage:
    """An HR image and its LR image in the pack: sizes in pixels, offsets in bytes."""

    name: str
    lr_height: int
    lr_width: int
    hr_height: int
    hr_width: int
    lr_offset: int
    hr_offset: int


@dataclass(frozen=True)
class Pack:
    """A data set's training pixels and its patches.

    Attributes:
        pixels: the flat memory map, uint8.
        images: one entry per image, in the order of `image`.
        image, row, column: for each patch its image's number and its top left corner in LR pixels.
        category: the patch's HES category, 1 to K.
        lr_size: side of a patch in LR pixels.
    """

    pixels: np.ndarray
    images: Sequence[PackedImage]
    image: np.ndarray
    row: np.ndarray
    column: np.ndarray
    category: np.ndarray
    lr_size: int

    @property
    def columns(self) -> dict[str, np.ndarray]:
        """What a sampler may choose by, one value per patch."""
        return {"image": self.image, "row": self.row, "column": self.column, "category": self.category}

    def lr(self, number: int) -> np.ndarray:
        """An LR image, h x w x 3, uint8, without a copy."""
        packed = self.images[number]
        return self._view(packed.lr_offset, packed.lr_height, packed.lr_width)

    def hr(self, number: int) -> np.ndarray:
        """An HR image, H x W x 3, uint8, without a copy."""
        packed = self.images[number]
        return self._view(packed.hr_offset, packed.hr_height, packed.hr_width)

    def _view(self, offset: int, height: int, width: int) -> np.ndarray:
        return self.pixels[offset : offset + height * width * 3].reshape(height, width, 3)


def plan_pack(sizes: Sequence[tuple[str, int, int, int, int]]) -> tuple[list[PackedImage], int]:
    """Where images of (name, LR height, LR width, HR height, HR width) will lie, and the total bytes."""
    images, offset = [], 0
    for name, lr_height, lr_width, hr_height, hr_width in sizes:
        hr_offset = offset + lr_height * lr_width * 3
        images.append(PackedImage(name, lr_height, lr_width, hr_height, hr_width, offset, hr_offset))
        offset = hr_offset + hr_height * hr_width * 3
    return images, offset


def describe(images: Sequence[PackedImage]) -> str:
    """The pack's table of contents, as the patch index carries it."""
    return json.dumps([asdict(image) for image in images])


def open_pack(dataset: str, scale: float) -> Pack:
    """Open a data set's pack for training.

    Raises:
        ResoluteError: the patches have not been made, or index and pixels do not belong together.
    """
    index, pixels = layout.patch_index(dataset, scale), layout.patch_pixels(dataset, scale)
    for path in (index, pixels):
        if not path.is_file():
            raise ResoluteError(
                f"{layout.relative(path)} is not there: run `resolute patches {dataset} --scale {scale:g}`"
            )
    table = pq.read_table(index, columns=["image", "row", "column", "size", "category"])
    images = [PackedImage(**facts) for facts in json.loads(table.schema.metadata[b"images"])]
    number = {image.name: position for position, image in enumerate(images)}
    columns = {name: table[name].to_numpy() for name in ("row", "column", "size", "category")}
    flat = np.load(pixels, mmap_mode="r")
    last = images[-1]
    if len(flat) != last.hr_offset + last.hr_height * last.hr_width * 3:
        raise ResoluteError(
            f"{_name(pixels)} and {_name(index)} are not of one run: remove both and run `resolute patches`"
        )
    return Pack(
        pixels=flat,
        images=images,
        image=np.array([number[name] for name in table["image"].to_pylist()]),
        row=columns["row"],
        column=columns["column"],
        category=columns["category"],
        lr_size=int(columns["size"][0]),
    )


def _name(path: Path) -> str:
    return layout.relative(path)

"""Training pixels packed into one memory-mapped array, so that no step of training decodes a PNG.

All HR and LR images of a data set's training splits lie one after the other in a flat uint8 array
(`data/patches/<dataset>/x<scale>.npy`), each height x width x 3, row by row. Where each begins, which files it was
decoded from, and the checksum of the whole array are kept in the metadata of the patch index beside it.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from resolute.core import layout, records
from resolute.core.errors import ResoluteError
from resolute.core.reading import reading


@dataclass(frozen=True)
class Pair:
    """An HR image and its LR image: sizes in pixels, and the checksums of the files that hold them."""

    name: str
    lr_sha256: str
    hr_sha256: str
    lr_height: int
    lr_width: int
    hr_height: int
    hr_width: int


@dataclass(frozen=True)
class PackedImage(Pair):
    """An HR image and its LR image in the pack: offsets in bytes."""

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


def plan_pack(pairs: Sequence[Pair]) -> tuple[list[PackedImage], int]:
    """Where images will lie, and the total bytes."""
    images, offset = [], 0
    for pair in pairs:
        hr_offset = offset + pair.lr_height * pair.lr_width * 3
        images.append(PackedImage(**{**asdict(pair), "lr_offset": offset, "hr_offset": hr_offset}))
        offset = hr_offset + pair.hr_height * pair.hr_width * 3
    return images, offset


def describe(images: Sequence[PackedImage], pixels_sha256: str, settings: Mapping[str, Any]) -> dict[str, str]:
    """The pack's table of contents and how it was made, as the patch index carries them in its metadata."""
    facts = {"images": [asdict(image) for image in images], "pixels": pixels_sha256, "settings": settings}
    return {name: json.dumps(value) for name, value in facts.items()}


def is_packed(dataset: str, scale: float, images: Sequence[PackedImage], settings: Mapping[str, Any]) -> bool:
    """Whether a data set's pack is there, whole and unchanged, made with these settings from these images."""
    index = layout.patch_index(dataset, scale)
    try:
        with reading(index):
            metadata = pq.read_schema(index).metadata
            if json.loads(metadata[b"settings"]) != settings:
                return False
        return list(open_pack(dataset, scale).images) == list(images)
    except ResoluteError:
        return False


def open_pack(dataset: str, scale: float) -> Pack:
    """Open a data set's pack for training.

    Raises:
        ResoluteError: the patches have not been made, are damaged or changed, or were made from other images than
            those on record now.
    """
    index, pixels = layout.patch_index(dataset, scale), layout.patch_pixels(dataset, scale)
    repair = f"run `resolute patches {dataset} --scale {scale:g}`"
    for path in (index, pixels):
        if not path.is_file():
            raise ResoluteError(f"{layout.relative(path)} is not there: {repair}")
    with reading(index, repair):
        table = pq.read_table(
            index, columns=["image", "row", "column", "size", "category"], page_checksum_verification=True
        )
        images, sha256 = _contents(table.schema.metadata or {})
        _, total = plan_pack(images)
        number = {image.name: position for position, image in enumerate(images)}
        places = np.array([number[name] for name in table["image"].to_pylist()])
        columns = {name: table[name].to_numpy() for name in ("row", "column", "size", "category")}
        lr_size = int(columns["size"][0])
    _check_origin(dataset, scale, images, repair)
    records.verify(pixels, sha256, repair)
    with reading(pixels, repair):
        flat = np.load(pixels, mmap_mode="r")
        if flat.shape != (total,) or flat.dtype != np.uint8:
            raise ValueError(f"{flat.dtype} of shape {flat.shape} instead of {total} bytes")
    return Pack(
        pixels=flat,
        images=images,
        image=places,
        row=columns["row"],
        column=columns["column"],
        category=columns["category"],
        lr_size=lr_size,
    )


def _contents(metadata: Mapping[bytes, bytes]) -> tuple[list[PackedImage], str]:
    """The images of a pack and the checksum of its pixels, from the metadata of a patch index."""
    if b"pixels" not in metadata:
        raise ValueError("it does not say which pixels it belongs to")
    images = [PackedImage(**facts) for facts in json.loads(metadata[b"images"])]
    if plan_pack(images)[0] != images:
        raise ValueError("its images do not lie one after the other")
    return images, str(json.loads(metadata[b"pixels"]))


def _check_origin(dataset: str, scale: float, images: Sequence[PackedImage], repair: str) -> None:
    """Refuse a pack of other images than those on record; a machine that only trains need not have any."""
    index = layout.relative(layout.patch_index(dataset, scale))
    for manifest, field in (
        (layout.raw_manifest(dataset), "hr_sha256"),
        (layout.lr_manifest(dataset, scale), "lr_sha256"),
    ):
        if manifest.is_file():
            with reading(manifest):
                listed = set(manifest.read_bytes().decode().replace("\n", ",").split(","))
            for image in images:
                if getattr(image, field) not in listed:
                    where = layout.relative(manifest)
                    raise ResoluteError(
                        f"{index} was not made from the images of now, see {image.name} in {where}: {repair}"
                    )

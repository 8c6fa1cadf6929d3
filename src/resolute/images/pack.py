"""Training pixels packed into memory-mapped arrays, so that no step of training decodes a PNG.

The HR images of a training set lie one after the other in a flat uint8 array, whole, once for all scales
(`data/patches/<dataset>/hr.npy`), the LR images of a scale in another (`x<scale>.npy`); each height x width x 3, row by
row. The contents of an array say where each image begins, which file it was decoded from, how the array was made, and
its checksum: those of the HR images are `hr.json`, those of LR images lie in the metadata of the patch index
`x<scale>.parquet`, and name the HR pixels that they go with.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np

from resolute.core import layout, records
from resolute.core.errors import ResoluteError
from resolute.core.reading import reading
from resolute.images.scores import read_scores

# What a patch index says of every patch, beside its image and its size; `resolute.patches` says where each is from.
SCORES = (
    *("row", "column", "gradient_mean", "gradient_std", "difficulty", "category", "category_equal_width"),
    *("edge", "informative"),
)
Derived = TypeVar("Derived")


class Stored(Protocol):
    """An image file: its name in the data set, its checksum, and its size in pixels."""

    @property
    def name(self) -> str: ...
    @property
    def sha256(self) -> str: ...
    @property
    def height(self) -> int: ...
    @property
    def width(self) -> int: ...


@dataclass(frozen=True)
class PackedImage:
    """An image in an array: the checksum of its file, its size in pixels, and where it begins, in bytes."""

    name: str
    sha256: str
    height: int
    width: int
    offset: int

    @property
    def end(self) -> int:
        """Where the next one begins."""
        return self.offset + self.height * self.width * 3

    def of(self, pixels: np.ndarray) -> np.ndarray:
        """The image in its array, height x width x 3, without a copy."""
        return pixels[self.offset : self.end].reshape(self.height, self.width, 3)


@dataclass(frozen=True)
class Contents:
    """What an array holds, from its first byte to its last.

    Attributes:
        images: in the order in which they lie there.
        pixels: the sha256 of the array's file.
        settings: what the array was made with, beside the images.
    """

    images: Sequence[PackedImage]
    pixels: str
    settings: Mapping[str, Any]

    def as_facts(self) -> dict[str, Any]:
        """All of it as a file carries it."""
        return {**vars(self), "images": [asdict(image) for image in self.images]}


class Columns(dict[str, np.ndarray]):
    """The columns of a patch index by name, one value per patch: `SCORES`, and the number of its image.

    What a sampler derives from them, it derives once for all steps.
    """

    def once(self, key: Any, derive: Callable[["Columns"], Derived]) -> Derived:
        """What `derive` makes of the columns; made when a key is first asked for."""
        if key not in self._derived:
            self._derived[key] = derive(self)
        return self._derived[key]

    @cached_property
    def _derived(self) -> dict[Any, Any]:
        return {}


@dataclass(frozen=True)
class Pack:
    """A data set's training pixels at a scale, and its patches.

    Attributes:
        scale: HR side over LR side.
        lr_pixels, hr_pixels: the flat memory maps, uint8.
        lr_images, hr_images: one entry per image, in the order of `image`; HR images are whole.
        columns: of the patches, what they are chosen by.
        lr_size: side of a patch in LR pixels.
    """

    scale: float
    lr_pixels: np.ndarray
    hr_pixels: np.ndarray
    lr_images: Sequence[PackedImage]
    hr_images: Sequence[PackedImage]
    columns: Columns
    lr_size: int

    def lr(self, number: int) -> np.ndarray:
        """An LR image, h x w x 3, uint8, without a copy."""
        return self.lr_images[number].of(self.lr_pixels)

    def hr(self, number: int) -> np.ndarray:
        """The part of an HR image that its LR image shows, sh x sw x 3, uint8, without a copy."""
        return shown(self.hr_images[number].of(self.hr_pixels), self.lr(number), self.scale)


@dataclass(frozen=True)
class HRPack:
    """A data set's HR training pixels, for learners that reduce them by themselves.

    Attributes:
        hr_pixels: the flat memory map, uint8.
        hr_images: one entry per image.
    """

    hr_pixels: np.ndarray
    hr_images: Sequence[PackedImage]

    def hr(self, number: int) -> np.ndarray:
        """An HR image, H x W x 3, uint8, without a copy."""
        return self.hr_images[number].of(self.hr_pixels)


def shown(hr: np.ndarray, lr: np.ndarray, scale: float) -> np.ndarray:
    """The part of a whole HR image that its LR image shows, sh x sw x 3, without a copy."""
    return hr[: round(lr.shape[0] * scale), : round(lr.shape[1] * scale)]


def lay_out(stored: Iterable[Stored]) -> list[PackedImage]:
    """Where images will lie, one after the other."""
    images: list[PackedImage] = []
    for image in stored:
        offset = images[-1].end if images else 0
        images.append(PackedImage(image.name, image.sha256, image.height, image.width, offset))
    return images


def hr_contents(dataset: str) -> Contents:
    """What the packed HR images of a data set are, whatever lies in the array now.

    Raises:
        ResoluteError: they have not been packed, or their contents are damaged.
    """
    path, repair = layout.hr_contents(dataset), hr_repair(dataset)
    with reading(path, repair):
        return _contents(json.loads(path.read_bytes()))


def hr_pixels(dataset: str, contents: Contents) -> np.ndarray:
    """The packed HR images: a flat memory map, uint8; an array that is not the one of its contents is an error."""
    return _pixels(layout.hr_pixels(dataset), contents, hr_repair(dataset))


def hr_repair(dataset: str) -> str:
    """What makes the packed HR images of a data set again, as the last part of an error message."""
    return f"run `resolute patches {dataset} --hr`"


def open_pack(dataset: str, scale: float, scorer: layout.Weights | None = None) -> Pack:
    """Open a data set's pack for training at one scale.

    Args:
        scorer: weights whose `psnr` of the patches is one of the columns.

    Raises:
        ResoluteError: the patches, or their scores, have not been made, are damaged or changed, or were made from other
            images, or by other weights, than those on record now.
    """
    # Not before: what trains on pixels that it has already needs no package beside torch's own.
    import pyarrow.parquet as pq

    index, repair = layout.patch_index(dataset, scale), f"run `resolute patches {dataset} --scale {scale:g}`"
    with reading(index, repair):
        table = pq.read_table(index, columns=["image", "size", *SCORES], page_checksum_verification=True)
        lr = index_contents(table.schema.metadata)
        number = {image.name: position for position, image in enumerate(lr.images)}
        places = np.array([number[name] for name in table["image"].to_pylist()])
        columns = Columns({name: table[name].to_numpy() for name in SCORES}, image=places)
        lr_size = int(table["size"][0].as_py())
    hr = _checked_hr(dataset)
    if lr.settings["hr"] != hr.pixels:
        raise ResoluteError(f"{layout.relative(index)} was made for other HR images than those packed now: {repair}")
    if scorer:
        columns["psnr"] = read_scores(dataset, scorer, len(places))
    parts = hr.settings["of"]
    _check_origin(lr, index, (layout.lr_manifest(part, scale) for part in parts), repair)
    hr_images = {image.name: image for image in hr.images}
    return Pack(
        scale=scale,
        lr_pixels=_pixels(layout.patch_pixels(dataset, scale), lr, repair),
        hr_pixels=hr_pixels(dataset, hr),
        lr_images=lr.images,
        hr_images=[hr_images[image.name] for image in lr.images],
        columns=columns,
        lr_size=lr_size,
    )


def open_hr(dataset: str) -> HRPack:
    """Open a data set's HR pixels for training at a span of scales; raises as `open_pack` does."""
    contents = _checked_hr(dataset)
    return HRPack(hr_pixels(dataset, contents), contents.images)


def _checked_hr(dataset: str) -> Contents:
    """What the packed HR images of a data set are; those of other images than now are an error."""
    hr = hr_contents(dataset)
    manifests = map(layout.raw_manifest, hr.settings["of"])
    _check_origin(hr, layout.hr_contents(dataset), manifests, hr_repair(dataset))
    return hr


def index_contents(metadata: Mapping[bytes, bytes] | None) -> Contents:
    """What the array beside a patch index holds, from the index's metadata.

    Raises:
        ValueError: they do not say so.
    """
    kept = (b"images", b"pixels", b"settings")
    return _contents({key.decode(): json.loads(value) for key, value in (metadata or {}).items() if key in kept})


def _contents(facts: Mapping[str, Any]) -> Contents:
    if not {"images", "pixels", "settings"} <= facts.keys():
        raise ValueError("it does not say which pixels it belongs to")
    images = [PackedImage(**image) for image in facts["images"]]
    if lay_out(images) != images:
        raise ValueError("its images do not lie one after the other")
    return Contents(images, str(facts["pixels"]), dict(facts["settings"]))


def _pixels(path: Path, contents: Contents, repair: str) -> np.ndarray:
    records.verify(path, contents.pixels, repair)
    with reading(path, repair):
        flat = np.load(path, mmap_mode="r")
        total = contents.images[-1].end
        if flat.shape != (total,) or flat.dtype != np.uint8:
            raise ValueError(f"{flat.dtype} of shape {flat.shape} instead of {total} bytes")
    return flat


def _check_origin(contents: Contents, holder: Path, manifests: Iterable[Path], repair: str) -> None:
    """Refuse a pack of other images than those on record; a machine that only trains need not have any."""
    listed = set[str]()
    names = []
    for manifest in manifests:
        if not manifest.is_file():
            return
        with reading(manifest):
            listed.update(manifest.read_bytes().decode().replace("\n", ",").split(","))
        names.append(layout.relative(manifest))
    for image in contents.images:
        if image.sha256 not in listed:
            where = f"{image.name} in {' and '.join(names)}"
            raise ResoluteError(f"{layout.relative(holder)} was not made from the images of now, see {where}: {repair}")

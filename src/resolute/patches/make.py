"""Making the patch index and the pack of a data set at a scale."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from resolute import datasets
from resolute.core import atomic, layout, records
from resolute.core.errors import ResoluteError
from resolute.core.locks import making
from resolute.core.provenance import provenance
from resolute.core.reading import reading
from resolute.datasets import LRImage
from resolute.images import pack
from resolute.patches import difficulty
from resolute.patches.pixels import write_pixels


def make_patches(dataset: str, scale: float, lr_size: int, lr_stride: int, categories: int) -> Path:
    """Write `data/patches/<dataset>/x<scale>.parquet` and the packed LR pixels beside it, for the packed HR images.

    One row per patch of a regular grid, the last row and column of patches flush with the image's border:
    image, split, row and column (top left corner, LR pixels), size (LR pixels), gradient_mean, gradient_std,
    difficulty (their sum) and category (1 easiest to K hardest, equally many each). One process at a time makes them;
    who had to wait takes what is then there, if that is what it would make.

    Args:
        lr_size: side of a patch in LR pixels.
        lr_stride: distance of neighbouring patches in LR pixels.
        categories: the number K of HES categories.

    Returns:
        The index.

    Raises:
        ResoluteError: the HR images are not packed; images are missing, have changed or do not belong together, or none
            is large enough for a patch.
    """
    target = layout.patch_index(dataset, scale)
    with making(target) as waited:
        hr = pack.hr_contents(dataset)
        settings = {"lr_size": lr_size, "lr_stride": lr_stride, "categories": categories, "hr": hr.pixels}
        found = _chosen(dataset, scale, hr, lr_size)
        if not found:
            raise ResoluteError(f"no image of {dataset} holds a patch of {lr_size}x{lr_size} LR pixels at x{scale:g}")
        if not (waited and _is_packed(dataset, scale, pack.lay_out(found), settings)):
            pixels = layout.patch_pixels(dataset, scale)
            images = write_pixels(dataset, pixels, found, lambda: _chosen(dataset, scale, hr, lr_size))
            contents = pack.Contents(images, records.known_sha256(pixels), settings)
            _write_index(target, np.load(pixels, mmap_mode="r"), found, contents)
    return target


def _chosen(dataset: str, scale: float, hr: pack.Contents, lr_size: int) -> list[LRImage]:
    """The LR images of the packed HR images that are large enough for a patch."""
    found = [lr for split in hr.settings["splits"] for lr in datasets.lr_images(dataset, split, scale)]
    whole = {image.name: image for image in hr.images}
    if {lr.name: lr.hr_sha256 for lr in found} != {name: image.sha256 for name, image in whole.items()}:
        place = layout.relative(layout.hr_contents(dataset))
        raise ResoluteError(f"{place} is not of the HR images of x{scale:g}: {pack.hr_repair(dataset)}")
    for lr in found:
        hr_image = whole[lr.name]
        if round(lr.height * scale) > hr_image.height or round(lr.width * scale) > hr_image.width:
            repair = f"run `resolute degrade {dataset} --scale {scale:g}` again"
            raise ResoluteError(f"{lr.name} of {dataset}: HR and LR do not fit: {repair}")
    return [lr for lr in found if min(lr.width, lr.height) >= lr_size]


def _is_packed(dataset: str, scale: float, images: Sequence[pack.PackedImage], settings: Mapping[str, Any]) -> bool:
    """Whether the pack is there, whole and unchanged, made with these settings from these images."""
    index = layout.patch_index(dataset, scale)
    try:
        pack.open_pack(dataset, scale)
        with reading(index):
            contents = pack.index_contents(pq.read_schema(index).metadata)
    except ResoluteError:
        return False
    return contents.settings == settings and contents.images == images


def _write_index(target: Path, pixels: np.ndarray, found: Sequence[LRImage], contents: pack.Contents) -> None:
    size, stride = contents.settings["lr_size"], contents.settings["lr_stride"]
    rows = [
        _score(image.of(pixels), lr.name, lr.split, size, stride)
        for image, lr in zip(contents.images, found, strict=True)
    ]
    index = pd.concat(rows, ignore_index=True)
    index["difficulty"] = index["gradient_mean"] + index["gradient_std"]
    borders = difficulty.thresholds(index["difficulty"].to_numpy(), contents.settings["categories"])
    index["category"] = difficulty.categorise(index["difficulty"].to_numpy(), borders)
    facts = {**contents.as_facts(), "provenance": provenance(thresholds=borders.tolist())}
    metadata = {name: json.dumps(fact) for name, fact in facts.items()}
    table = pa.Table.from_pandas(index, preserve_index=False).replace_schema_metadata(metadata)
    with atomic.writing(target) as part:
        pq.write_table(table, part, write_page_checksum=True)


def grid(side: int, size: int, stride: int) -> np.ndarray:
    """Positions of patches along a side: every `stride` pixels, and one flush with the end."""
    return np.unique(np.append(np.arange(0, side - size + 1, stride), side - size))


def _score(lr: np.ndarray, name: str, split: str, size: int, stride: int) -> pd.DataFrame:
    rows, columns = np.meshgrid(grid(lr.shape[0], size, stride), grid(lr.shape[1], size, stride), indexing="ij")
    rows, columns = rows.ravel(), columns.ravel()
    mean, std = difficulty.gradient_scores(lr, rows, columns, size)
    where = {"image": name, "split": split, "row": rows, "column": columns, "size": size}
    return pd.DataFrame({**where, "gradient_mean": mean, "gradient_std": std})

"""Making the patch index and the pack of a data set."""

import json
import os
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
from resolute.datasets import HRImage, LRImage
from resolute.images import pack
from resolute.images.files import read_image, to_rgb
from resolute.images.imresize import crop_to_multiple
from resolute.patches import difficulty


def make_patches(
    dataset: str, scale: float, splits: Sequence[str], lr_size: int, lr_stride: int, categories: int
) -> Path:
    """Write `data/patches/<dataset>/x<scale>.parquet` and the packed pixels beside it.

    One row per patch of a regular grid, the last row and column of patches flush with the image's border:
    image, split, row and column (top left corner, LR pixels), size (LR pixels), gradient_mean, gradient_std,
    difficulty (their sum) and category (1 easiest to K hardest, equally many each). One process at a time makes them;
    who had to wait takes what is then there, if that is what it would make.

    Args:
        splits: the data set's splits to take.
        lr_size: side of a patch in LR pixels.
        lr_stride: distance of neighbouring patches in LR pixels.
        categories: the number K of HES categories.

    Raises:
        ResoluteError: images are missing, have changed or do not belong together, or none is large enough for a patch.
    """
    settings = {"splits": list(splits), "lr_size": lr_size, "lr_stride": lr_stride, "categories": categories}
    target = layout.patch_index(dataset, scale)
    with making(target) as waited:
        chosen = _chosen(dataset, scale, settings)
        if not chosen:
            raise ResoluteError(f"no image of {dataset} holds a patch of {lr_size}x{lr_size} LR pixels at x{scale:g}")
        packed, total = pack.plan_pack([_pair(hr, lr, scale) for hr, lr in chosen])
        if not (waited and pack.is_packed(dataset, scale, packed, settings)):
            _make(dataset, scale, chosen, packed, total, settings)
    return target


def _chosen(dataset: str, scale: float, settings: Mapping[str, Any]) -> list[tuple[HRImage, LRImage]]:
    """The images that are large enough for a patch."""
    return [
        (hr, lr)
        for split in settings["splits"]
        for hr, lr in zip(
            datasets.images(dataset, split, scale), datasets.lr_images(dataset, split, scale), strict=True
        )
        if min(lr.width, lr.height) >= settings["lr_size"]
    ]


def _make(
    dataset: str,
    scale: float,
    chosen: Sequence[tuple[HRImage, LRImage]],
    packed: Sequence[pack.PackedImage],
    total: int,
    settings: Mapping[str, Any],
) -> None:
    rows, pixels_path = [], layout.patch_pixels(dataset, scale)
    with atomic.writing(pixels_path) as part:
        pixels = np.lib.format.open_memmap(part, mode="w+", dtype=np.uint8, shape=(total,))
        # The file claims its space at once: on a full disk a write to mapped memory would kill the process.
        with part.open("r+b") as file:
            os.posix_fallocate(file.fileno(), 0, part.stat().st_size)
        for (hr, lr), image in zip(chosen, packed, strict=True):
            lr_pixels = to_rgb(read_image(lr.path))
            hr_pixels = to_rgb(crop_to_multiple(read_image(hr.path), scale))
            if hr_pixels.shape[:2] != (image.hr_height, image.hr_width):
                repair = f"run `resolute degrade {dataset} --scale {scale:g}` again"
                raise ResoluteError(f"{hr.name} of {dataset}: HR and LR do not fit: {repair}")
            pixels[image.lr_offset : image.hr_offset] = lr_pixels.reshape(-1)
            pixels[image.hr_offset : image.hr_offset + hr_pixels.size] = hr_pixels.reshape(-1)
            rows.append(_score(lr_pixels, lr.name, lr.split, settings["lr_size"], settings["lr_stride"]))
        pixels.flush()
        if _chosen(dataset, scale, settings) != chosen:
            raise ResoluteError(f"the images of {dataset} were replaced while they were read: run this again")

    index = pd.concat(rows, ignore_index=True)
    index["difficulty"] = index["gradient_mean"] + index["gradient_std"]
    borders = difficulty.thresholds(index["difficulty"].to_numpy(), settings["categories"])
    index["category"] = difficulty.categorise(index["difficulty"].to_numpy(), borders)
    facts = {"provenance": json.dumps(provenance(thresholds=borders.tolist()))}
    facts |= pack.describe(packed, records.known_sha256(pixels_path), settings)
    table = pa.Table.from_pandas(index, preserve_index=False).replace_schema_metadata(facts)
    with atomic.writing(layout.patch_index(dataset, scale)) as part:
        pq.write_table(table, part, write_page_checksum=True)


def _pair(hr: HRImage, lr: LRImage, scale: float) -> pack.Pair:
    return pack.Pair(
        name=lr.name,
        lr_sha256=lr.sha256,
        hr_sha256=hr.sha256,
        lr_height=lr.height,
        lr_width=lr.width,
        hr_height=round(lr.height * scale),
        hr_width=round(lr.width * scale),
    )


def grid(side: int, size: int, stride: int) -> np.ndarray:
    """Positions of patches along a side: every `stride` pixels, and one flush with the end."""
    return np.unique(np.append(np.arange(0, side - size + 1, stride), side - size))


def _score(lr: np.ndarray, name: str, split: str, size: int, stride: int) -> pd.DataFrame:
    rows, columns = np.meshgrid(grid(lr.shape[0], size, stride), grid(lr.shape[1], size, stride), indexing="ij")
    rows, columns = rows.ravel(), columns.ravel()
    mean, std = difficulty.gradient_scores(lr, rows, columns, size)
    where = {"image": name, "split": split, "row": rows, "column": columns, "size": size}
    return pd.DataFrame({**where, "gradient_mean": mean, "gradient_std": std})

"""Making the patch index and the pack of a data set."""

import json
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from resolute import datasets
from resolute.core import atomic, layout
from resolute.core.errors import ResoluteError
from resolute.core.provenance import provenance
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
    difficulty (their sum) and category (1 easiest to K hardest, equally many each).

    Args:
        splits: the data set's splits to take.
        lr_size: side of a patch in LR pixels.
        lr_stride: distance of neighbouring patches in LR pixels.
        categories: the number K of HES categories.

    Raises:
        ResoluteError: images are missing, or none is large enough for a patch.
    """
    pairs = [
        (split, hr, lr)
        for split in splits
        for hr, lr in zip(
            datasets.images(dataset, split, scale), datasets.lr_images(dataset, split, scale), strict=True
        )
        if min(lr.width, lr.height) >= lr_size
    ]
    if not pairs:
        raise ResoluteError(f"no image of {dataset} holds a patch of {lr_size}x{lr_size} LR pixels at x{scale:g}")
    index_path, pixels_path = layout.patch_index(dataset, scale), layout.patch_pixels(dataset, scale)
    index_path.parent.mkdir(parents=True, exist_ok=True)

    sizes = []
    for _, _, lr in pairs:
        sizes.append((lr.name, lr.height, lr.width, round(lr.height * scale), round(lr.width * scale)))
    packed, total = pack.plan_pack(sizes)
    part = pixels_path.with_name(f"{pixels_path.name}.part")
    pixels = np.lib.format.open_memmap(part, mode="w+", dtype=np.uint8, shape=(total,))
    # The file claims its space at once: on a full disk a write to mapped memory would kill the process.
    with part.open("r+b") as file:
        os.posix_fallocate(file.fileno(), 0, part.stat().st_size)
    rows = []
    for (split, hr, lr), image in zip(pairs, packed, strict=True):
        lr_pixels = to_rgb(read_image(lr.path))
        hr_pixels = to_rgb(crop_to_multiple(read_image(hr.path), scale))
        if hr_pixels.shape[:2] != (image.hr_height, image.hr_width):
            raise ResoluteError(f"{hr.name} of {dataset}: HR and LR do not fit: run `resolute degrade {dataset}` again")
        pixels[image.lr_offset : image.hr_offset] = lr_pixels.reshape(-1)
        pixels[image.hr_offset : image.hr_offset + hr_pixels.size] = hr_pixels.reshape(-1)
        rows.append(_score(lr_pixels, lr.name, split, lr_size, lr_stride))
    pixels.flush()

    index = pd.concat(rows, ignore_index=True)
    index["difficulty"] = index["gradient_mean"] + index["gradient_std"]
    borders = difficulty.thresholds(index["difficulty"].to_numpy(), categories)
    index["category"] = difficulty.categorise(index["difficulty"].to_numpy(), borders)
    part.replace(pixels_path)
    _write_index(index_path, index, packed, borders)
    return index_path


def grid(side: int, size: int, stride: int) -> np.ndarray:
    """Positions of patches along a side: every `stride` pixels, and one flush with the end."""
    return np.unique(np.append(np.arange(0, side - size + 1, stride), side - size))


def _score(lr: np.ndarray, name: str, split: str, size: int, stride: int) -> pd.DataFrame:
    rows, columns = np.meshgrid(grid(lr.shape[0], size, stride), grid(lr.shape[1], size, stride), indexing="ij")
    rows, columns = rows.ravel(), columns.ravel()
    mean, std = difficulty.gradient_scores(lr, rows, columns, size)
    where = {"image": name, "split": split, "row": rows, "column": columns, "size": size}
    return pd.DataFrame({**where, "gradient_mean": mean, "gradient_std": std})


def _write_index(path: Path, index: pd.DataFrame, packed: Sequence[pack.PackedImage], borders: np.ndarray) -> None:
    table = pa.Table.from_pandas(index, preserve_index=False)
    facts = provenance(thresholds=borders.tolist())
    table = table.replace_schema_metadata({"images": pack.describe(packed), "provenance": json.dumps(facts)})
    with atomic.writing(path) as part:
        pq.write_table(table, part)

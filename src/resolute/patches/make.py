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
from resolute.patches.informative import informative_scores
from resolute.patches.pixels import write_pixels


def make_patches(dataset: str, scale: float, lr_size: int, lr_stride: int, categories: int) -> Path:
    """Write `data/patches/<dataset>/x<scale>.parquet` and the packed LR pixels beside it, for the packed HR images.

    One row per patch of a regular grid, the last row and column of patches flush with the image's border. One process
    at a time makes them; who had to wait takes what is then there, if that is what it would make.

    | column | what | source |
    |---|---|---|
    | image, split | which image, of which split | |
    | row, column, size | top left corner and side, LR pixels | |
    | gradient_mean, gradient_std | of the Sobel magnitude, levels of luma | WBSR, NeurIPS 2024, section 4.1.1 |
    | difficulty | their sum | the same; the sum is ours |
    | category | 1 (easiest) to K, equally many each | the same, Eq. 7 |
    | category_equal_width | 1 (easiest) to K, of equal spans of difficulty | the same, Eq. 7 read otherwise |
    | edge | mean absolute Laplacian of the grey levels, 0 to 255 | ARM, ECCV 2022 (chenbong/ARM-Net) |
    | informative | PSNR of the bilinear SR in dB, the lower the more | SamplingAug, BMVC 2021 |

    Args:
        lr_size: side of a patch in LR pixels.
        lr_stride: distance of neighbouring patches in LR pixels.
        categories: the number K of HES categories of either kind.

    Returns:
        The index.

    Raises:
        ResoluteError: the HR images are not packed; images are missing, have changed or do not belong together, none is
            large enough for a patch, or there are fewer patches than categories.
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
            scored = _scored(found, contents, np.load(pixels, mmap_mode="r"), hr, pack.hr_pixels(dataset, hr))
            _write_index(target, scored, contents)
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


def _scored(
    found: Sequence[LRImage], lr: pack.Contents, lr_pixels: np.ndarray, hr: pack.Contents, hr_pixels: np.ndarray
) -> pd.DataFrame:
    """The patches of all images, with what is read off each by itself."""
    whole = {image.name: image for image in hr.images}
    parts = []
    for image, stored in zip(lr.images, found, strict=True):
        pixels = image.of(lr_pixels)
        scores = _scores(
            pixels,
            pack.shown(whole[image.name].of(hr_pixels), pixels, stored.scale),
            stored.scale,
            lr.settings["lr_size"],
            lr.settings["lr_stride"],
        )
        parts.append(pd.DataFrame({"image": image.name, "split": stored.split, **scores}))
    return pd.concat(parts, ignore_index=True)


def _scores(lr: np.ndarray, hr: np.ndarray, scale: float, size: int, stride: int) -> dict[str, Any]:
    rows, columns = np.meshgrid(grid(lr.shape[0], size, stride), grid(lr.shape[1], size, stride), indexing="ij")
    rows, columns = rows.ravel(), columns.ravel()
    mean, std = difficulty.gradient_scores(lr, rows, columns, size)
    return {
        "row": rows,
        "column": columns,
        "size": size,
        "gradient_mean": mean,
        "gradient_std": std,
        "difficulty": mean + std,
        "edge": difficulty.edge_scores(lr, rows, columns, size),
        "informative": informative_scores(lr, hr, scale, rows, columns, size),
    }


def _write_index(target: Path, index: pd.DataFrame, contents: pack.Contents) -> None:
    """Write the patches with their categories, which are cut over the whole data set."""
    categories, hardness = contents.settings["categories"], index["difficulty"].to_numpy()
    if categories > len(index):
        place = layout.relative(target)
        raise ResoluteError(
            f"{place} has {len(index)} patches, too few for {categories} categories: lower patches.categories"
        )
    borders = difficulty.quantiles(hardness, categories)
    index["category"] = difficulty.categorise(hardness, borders)
    index["category_equal_width"] = difficulty.categorise(hardness, difficulty.equal_widths(hardness, categories))
    facts = {**contents.as_facts(), "provenance": provenance(thresholds=borders.tolist())}
    metadata = {name: json.dumps(fact) for name, fact in facts.items()}
    table = pa.Table.from_pandas(index, preserve_index=False).replace_schema_metadata(metadata)
    with atomic.writing(target) as part:
        pq.write_table(table, part, write_page_checksum=True)


def grid(side: int, size: int, stride: int) -> np.ndarray:
    """Positions of patches along a side: every `stride` pixels, and one flush with the end."""
    return np.unique(np.append(np.arange(0, side - size + 1, stride), side - size))

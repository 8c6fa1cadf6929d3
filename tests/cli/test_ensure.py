"""What `resolute evaluate` makes ready by itself: images that are not here, or are no longer what they should be."""

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image, ImageFilter

from resolute import datasets
from resolute.cli.ensure import ensure_images
from resolute.core import layout
from resolute.core.provenance import file_sha256
from resolute.datasets.reader import write_images
from resolute.degrade import degrade
from resolute.evaluate import evaluate
from resolute.fetch import fetch_dataset
from resolute.registry import find_run


def hr(name: str = "coffee") -> Path:
    return layout.raw_images("embedded") / f"{name}.png"


def lr(name: str = "coffee") -> Path:
    return layout.lr_images("embedded", 4) / f"{name}.png"


def blur(path: Path) -> None:
    with Image.open(path) as image:
        image.filter(ImageFilter.GaussianBlur(2)).save(path)


def change_a_byte(path: Path) -> None:
    before, content = path.stat(), bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-150])


def drop_columns(path: Path) -> None:
    """The list of LR images as an earlier version wrote it."""
    lines = path.read_text().splitlines()
    path.write_text("".join(",".join(line.split(",")[:7]) + "\n" for line in lines))


def lose_a_split() -> None:
    fetch_dataset("embedded", [4.0], ["train"])
    degrade("embedded", 4)


CHANGES: dict[str, Callable[[], object]] = {
    "an HR image blurred": lambda: blur(hr()),
    "a byte of an HR image": lambda: change_a_byte(hr()),
    "an HR image for another": lambda: hr().write_bytes(hr("chelsea").read_bytes()),
    "an HR image for training": lambda: blur(hr("brick")),
    "an HR image removed": lambda: hr().unlink(),
    "the list of HR images cut": lambda: cut(layout.raw_manifest("embedded")),
    "an LR image blurred": lambda: blur(lr()),
    "a byte of an LR image": lambda: change_a_byte(lr()),
    "an LR image removed": lambda: lr().unlink(),
    "the list of LR images cut": lambda: cut(layout.lr_manifest("embedded", 4)),
    "the list of LR images of an earlier version": lambda: drop_columns(layout.lr_manifest("embedded", 4)),
    "the list of LR images of x2": lambda: layout.lr_manifest("embedded", 4).write_bytes(
        degrade("embedded", 2).read_bytes()
    ),
    "the split for training alone": lose_a_split,
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_is_not_as_it_should_be_is_made_again(change: Callable[[], object], checkout: Path) -> None:
    def state() -> dict[Path, bytes]:
        return {path: path.read_bytes() for path in (checkout / "data").glob("[rl]*/**/*") if path.is_file()}

    fetch_dataset("embedded", [4.0], ["test", "train"])
    ensure_images("embedded", 4)
    assert len(datasets.lr_images("embedded", "test", 4)) == 4
    before = state()
    change()
    ensure_images("embedded", 4)
    after = state()
    assert {path: after.get(path) for path in before} == before


@pytest.mark.slow
def test_an_hr_image_that_was_replaced_is_measured_against_an_lr_image_of_its_own(checkout: Path) -> None:
    def measured() -> dict[str, float]:
        ensure_images("embedded", 4)
        rows = evaluate(find_run("bicubic", 4, "published"), "embedded", ["ntire2022"])
        return {row["image"]: row["value"] for row in rows if row["metric"] == "psnr"}

    before, found = measured(), datasets.images("embedded")
    blur(hr())
    # As after a fetch of another edition.
    write_images("embedded", [replace(image, sha256=file_sha256(image.path)) for image in found])
    blurred = measured()
    shutil.rmtree(checkout / "data/lr")
    assert blurred == measured()
    assert blurred.pop("coffee") > before["coffee"] + 1
    assert blurred.items() <= before.items()

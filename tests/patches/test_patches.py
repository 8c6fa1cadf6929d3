"""The patch index and the packed pixels."""

import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from resolute import datasets
from resolute.cli.door import guarded
from resolute.core import layout
from resolute.core.errors import ResoluteError
from resolute.core.provenance import file_sha256
from resolute.datasets.reader import write_images
from resolute.degrade import degrade
from resolute.fetch import fetch_dataset
from resolute.images.files import read_image, to_rgb, write_png
from resolute.images.imresize import crop_to_multiple
from resolute.images.pack import open_pack
from resolute.patches import make, make_patches, pack_hr, pixels
from resolute.patches.difficulty import categorise, gradient_scores
from resolute.patches.make import grid


@pytest.fixture
def index(project: Path) -> pd.DataFrame:
    fetch_dataset("embedded", [4.0], ["train"])
    degrade("embedded", 4.0)
    pack_hr("embedded", ["train"])
    return pd.read_parquet(again())


def test_scores_are_those_of_a_slow_and_plain_sobel(index: pd.DataFrame) -> None:
    image = next(lr for lr in datasets.lr_images("embedded", "train", 4.0) if lr.name == "rocket")
    rgb = read_image(image.path).astype(float)
    y = 16 + (65.481 * rgb[..., 0] + 128.553 * rgb[..., 1] + 24.966 * rgb[..., 2]) / 255
    kernel = np.array([[1, 0, -1], [2, 0, -2], [1, 0, -1]])
    magnitude = np.sqrt(
        ndimage.correlate(y, kernel, mode="reflect") ** 2 + ndimage.correlate(y, kernel.T, mode="reflect") ** 2
    )
    for patch in index[index["image"] == "rocket"].to_dict("records"):
        row, column = patch["row"], patch["column"]
        window = magnitude[row : row + 32, column : column + 32]
        # Same sums in another order: float64 rounding only.
        assert patch["gradient_mean"] == pytest.approx(window.mean(), rel=1e-12)
        assert patch["gradient_std"] == pytest.approx(window.std(), rel=1e-12)
    assert (index["difficulty"] == index["gradient_mean"] + index["gradient_std"]).all()


def test_categories_are_equally_full_and_ordered_by_difficulty(index: pd.DataFrame) -> None:
    sizes = index.groupby("category").size()
    assert list(sizes.index) == list(range(1, 11))
    assert sizes.max() - sizes.min() <= 1
    by_category = index.groupby("category")["difficulty"]
    assert (by_category.max().to_numpy()[:-1] <= by_category.min().to_numpy()[1:]).all()
    facts = json.loads(pq.read_schema(layout.patch_index("embedded", 4.0)).metadata[b"provenance"])
    again = categorise(index["difficulty"].to_numpy(), np.array(facts["thresholds"]))
    assert (again == index["category"]).all()


def test_the_pack_holds_the_images_pixel_for_pixel(index: pd.DataFrame) -> None:
    pack = open_pack("embedded", 4.0)
    lr_images = datasets.lr_images("embedded", "train", 4.0)
    hr_images = datasets.images("embedded", "train", 4.0)
    assert [image.name for image in pack.lr_images] == [image.name for image in lr_images]
    for number, (lr, hr) in enumerate(zip(lr_images, hr_images, strict=True)):
        assert np.array_equal(pack.lr(number), to_rgb(read_image(lr.path)))
        assert np.array_equal(pack.hr(number), to_rgb(crop_to_multiple(read_image(hr.path), 4)))
    assert len(pack.columns["image"]) == len(index)


def test_hr_pixels_are_packed_once_for_all_scales(index: pd.DataFrame) -> None:
    array = layout.hr_pixels("embedded")
    packed = array.stat().st_ino, array.read_bytes()
    for scale in (3.0, 2.5):
        degrade("embedded", scale)
        make_patches("embedded", scale, lr_size=32, lr_stride=16, categories=10)
    assert (array.stat().st_ino, array.read_bytes()) == packed
    assert {path.name for path in array.parent.glob("*.npy")} == {"hr.npy", "x2.5.npy", "x3.npy", "x4.npy"}
    for scale in (4.0, 3.0, 2.5):
        pack = open_pack("embedded", scale)
        for number, (lr, hr) in enumerate(
            zip(datasets.lr_images("embedded", "train", scale), datasets.images("embedded", "train"), strict=True)
        ):
            assert np.array_equal(pack.lr(number), to_rgb(read_image(lr.path)))
            assert np.array_equal(pack.hr(number), to_rgb(crop_to_multiple(read_image(hr.path), scale)))


def test_the_files_are_the_same_bytes_every_time(index: pd.DataFrame) -> None:
    first = contents_of_the_folder()
    assert set(first) == FILES
    pack_hr("embedded", ["train"])
    again()
    assert contents_of_the_folder() == first


FILES = {"hr.json", "hr.npy", "x4.parquet", "x4.npy"}


def contents_of_the_folder() -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in Path("data/patches/embedded").iterdir()}


def again(**other: int) -> Path:
    """Make the patches of the fixture once more."""
    return make_patches("embedded", 4.0, **{"lr_size": 32, "lr_stride": 16, "categories": 10, **other})


REPAIR = r"run `resolute patches embedded --scale 4`$"
HR_REPAIR = r"run `resolute patches embedded --hr`$"


def test_faults_are_one_clear_line(index: pd.DataFrame) -> None:
    with pytest.raises(ResoluteError, match="no image of embedded holds a patch of 500x500"):
        again(lr_size=500)
    layout.patch_pixels("embedded", 4.0).unlink()
    with pytest.raises(ResoluteError, match=REPAIR):
        open_pack("embedded", 4.0)
    layout.hr_contents("embedded").unlink()
    for needing in (again, lambda: open_pack("embedded", 4.0)):
        with pytest.raises(ResoluteError, match=rf"^data/patches/embedded/hr.json is not there: {HR_REPAIR}"):
            needing()


def one_byte(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


def npy(array: np.ndarray) -> bytes:
    content = io.BytesIO()
    np.save(content, array)
    return content.getvalue()


PIXELS: dict[str, Callable[[bytes], bytes]] = {
    "a byte changed": one_byte,
    "cut short": lambda content: content[:-3],
    "empty": lambda _: b"",
    "text": lambda _: b"no array\n",
    "another array": lambda _: npy(np.zeros((3, 4))),
    "objects": lambda _: npy(np.array([{}, []], dtype=object)),
}


@pytest.mark.parametrize("damage", PIXELS.values(), ids=PIXELS)
def test_changed_pixels_are_refused(index: pd.DataFrame, damage: Callable[[bytes], bytes]) -> None:
    path = layout.patch_pixels("embedded", 4.0)
    before = path.stat()
    path.write_bytes(damage(path.read_bytes()))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(ResoluteError, match=rf"^data/patches/embedded/x4.npy was changed after it was made.*{REPAIR}"):
        open_pack("embedded", 4.0)
    again()
    assert len(open_pack("embedded", 4.0).columns["image"]) == len(index)


@pytest.mark.parametrize("damage", PIXELS.values(), ids=PIXELS)
def test_changed_hr_pixels_are_refused(index: pd.DataFrame, damage: Callable[[bytes], bytes]) -> None:
    path = layout.hr_pixels("embedded")
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ResoluteError, match=rf"^data/patches/embedded/hr.npy was changed after .*{HR_REPAIR}"):
        open_pack("embedded", 4.0)
    pack_hr("embedded", ["train"])
    assert len(open_pack("embedded", 4.0).columns["image"]) == len(index)


CONTENTS: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "cut short": lambda content: content[: len(content) // 2],
    "another object": lambda _: b'{"images": []}',
    "a list": lambda _: b"[1, 2]",
    "images moved": lambda content: content.replace(b'"offset": 0', b'"offset": 3'),
}


@pytest.mark.parametrize("damage", CONTENTS.values(), ids=CONTENTS)
def test_damaged_contents_are_one_line(index: pd.DataFrame, damage: Callable[[bytes], bytes]) -> None:
    path = layout.hr_contents("embedded")
    content = path.read_bytes()
    path.write_bytes(damage(content))
    for needing in (again, lambda: open_pack("embedded", 4.0)):
        with pytest.raises(ResoluteError, match=rf"^data/patches/embedded/hr.json is damaged [^\n]*{HR_REPAIR}"):
            needing()
    pack_hr("embedded", ["train"])
    assert path.read_bytes() == content


def test_patches_for_other_hr_pixels_than_those_packed_now_are_refused(index: pd.DataFrame) -> None:
    fetch_dataset("embedded", [4.0], ["train", "test"])
    degrade("embedded", 4.0)
    pack_hr("embedded", ["train", "test"])
    with pytest.raises(
        ResoluteError, match=rf"x4.parquet was made for other HR images than those packed now: {REPAIR}"
    ):
        open_pack("embedded", 4.0)
    again()
    assert len(open_pack("embedded", 4.0).hr_images) == 11


def parquet(table: pa.Table) -> bytes:
    content = io.BytesIO()
    pq.write_table(table, content)
    return content.getvalue()


def of_an_earlier_version(content: bytes) -> bytes:
    table = pq.read_table(io.BytesIO(content))
    images = json.loads(table.schema.metadata[b"images"])
    kept = [{key: value for key, value in image.items() if "sha256" not in key} for image in images]
    return parquet(table.replace_schema_metadata({"images": json.dumps(kept), "provenance": "{}"}))


def moved(content: bytes) -> bytes:
    table = pq.read_table(io.BytesIO(content))
    facts = {key: value.replace(b'"offset": 0', b'"offset": 3') for key, value in table.schema.metadata.items()}
    return parquet(table.replace_schema_metadata(facts))


INDICES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "cut short": lambda content: content[: len(content) // 2],
    "text": lambda _: b"image,row\n",
    "a byte changed": lambda content: content[:200] + one_byte(content[200:400]) + content[400:],
    "another table": lambda _: parquet(pa.table({"method": ["bicubic"]})),
    "without rows": lambda content: parquet(pq.read_table(io.BytesIO(content)).slice(0, 0)),
    "without metadata": lambda content: parquet(pq.read_table(io.BytesIO(content)).replace_schema_metadata(None)),
    "of an earlier version": of_an_earlier_version,
    "images moved": moved,
    "without a score": lambda content: parquet(pq.read_table(io.BytesIO(content)).drop_columns(["edge"])),
}


@pytest.mark.parametrize("damage", INDICES.values(), ids=INDICES)
def test_a_damaged_index_is_one_line(index: pd.DataFrame, damage: Callable[[bytes], bytes]) -> None:
    path = layout.patch_index("embedded", 4.0)
    content = path.read_bytes()
    path.write_bytes(damage(content))
    with pytest.raises(
        ResoluteError, match=rf"^data/patches/embedded/x4.parquet (is damaged|cannot be read) [^\n]*{REPAIR}"
    ):
        open_pack("embedded", 4.0)
    again()
    assert path.read_bytes() == content


def replace_a_photograph() -> None:
    """Put another picture in the place of one, as a fetch of another edition would."""
    found = datasets.images("embedded")
    path = next(image.path for image in found if image.name == "rocket")
    write_png(path, 255 - read_image(path))
    write_images("embedded", [replace(image, sha256=file_sha256(image.path)) for image in found])


def test_patches_of_other_images_than_those_of_now_are_refused(index: pd.DataFrame) -> None:
    before = open_pack("embedded", 4.0)
    replace_a_photograph()
    with pytest.raises(
        ResoluteError,
        match=rf"hr.json was not made from the images of now, see rocket in data/raw/embedded.csv: {HR_REPAIR}",
    ):
        open_pack("embedded", 4.0)
    with pytest.raises(
        ResoluteError, match=r"not made from the HR images of now, see rocket: run `resolute degrade emb"
    ):
        again()
    degrade("embedded", 4.0)
    with pytest.raises(ResoluteError, match=rf"hr.json is not of the HR images of x4: {HR_REPAIR}"):
        again()
    pack_hr("embedded", ["train"])
    with pytest.raises(ResoluteError, match=rf"x4.parquet was made for other HR images than those packed.*{REPAIR}"):
        open_pack("embedded", 4.0)
    again()
    number = [image.name for image in before.lr_images].index("rocket")
    assert np.array_equal(open_pack("embedded", 4.0).hr(number), 255 - before.hr(number))


def test_a_machine_that_only_trains_needs_no_images(index: pd.DataFrame) -> None:
    shutil.rmtree("data/raw")
    shutil.rmtree("data/lr")
    assert len(open_pack("embedded", 4.0).columns["image"]) == len(index)


def test_an_edited_image_is_refused(index: pd.DataFrame) -> None:
    before = contents_of_the_folder()
    path = datasets.lr_images("embedded", "train", 4.0)[0].path
    write_png(path, 255 - read_image(path))
    with pytest.raises(ResoluteError, match=r"brick.png was changed .*run `resolute degrade embedded --scale 4`$"):
        again()
    path = datasets.images("embedded", "train")[0].path
    write_png(path, 255 - read_image(path))
    with pytest.raises(ResoluteError, match=r"brick.png was changed .*run `resolute fetch embedded`$"):
        pack_hr("embedded", ["train"])
    assert contents_of_the_folder() == before


@pytest.mark.parametrize("make_it", [lambda: pack_hr("embedded", ["train"]), lambda: again()], ids=["HR", "LR"])
def test_images_replaced_during_the_work_are_seen(
    index: pd.DataFrame, monkeypatch: pytest.MonkeyPatch, make_it: Callable[[], Path]
) -> None:
    before = contents_of_the_folder()

    def replace_then_read(path: Path) -> np.ndarray:
        monkeypatch.setattr(pixels, "read_image", read_image)
        replace_a_photograph()
        degrade("embedded", 4.0)
        return read_image(path)

    monkeypatch.setattr(pixels, "read_image", replace_then_read)
    with pytest.raises(ResoluteError, match=r"^the images of embedded were replaced while|^data.*hr.json is not of"):
        make_it()
    assert contents_of_the_folder() == before


def test_who_waited_takes_what_it_would_make(index: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(make, "making", lambda _: nullcontext(True))
    array = layout.patch_pixels("embedded", 4.0)
    made, content = array.stat().st_ino, array.read_bytes()
    again()
    assert array.stat().st_ino == made
    again(lr_stride=32)
    assert len(open_pack("embedded", 4.0).columns["image"]) < len(index)
    array.write_bytes(b"other")
    again()
    assert array.read_bytes() == content
    assert len(open_pack("embedded", 4.0).columns["image"]) == len(index)


def test_who_waited_takes_the_hr_pixels_that_it_would_pack(
    index: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pixels, "making", lambda _: nullcontext(True))
    array = layout.hr_pixels("embedded")
    made, content = array.stat().st_ino, array.read_bytes()
    pack_hr("embedded", ["train"])
    assert array.stat().st_ino == made
    array.write_bytes(b"other")
    pack_hr("embedded", ["train"])
    assert array.read_bytes() == content
    replace_a_photograph()
    pack_hr("embedded", ["train"])
    assert array.read_bytes() != content


AT_ONCE = """
import sys
from resolute.patches import make_patches, pack_hr
sys.stdin.read(1)
pack_hr("embedded", ["train"])
make_patches("embedded", 4.0, 32, 16, 10)
"""


@pytest.mark.slow
def test_several_at_once_end_with_the_same_files(index: pd.DataFrame) -> None:
    alone = contents_of_the_folder()
    running = [
        subprocess.Popen([sys.executable, "-c", AT_ONCE], stdin=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(2)
    ]
    for process in running:
        assert process.stdin
        process.stdin.write(b"1")
        process.stdin.flush()
    said = [process.communicate()[1].decode() for process in running]
    assert [process.returncode for process in running] == [0, 0], said
    assert contents_of_the_folder() == alone


@pytest.mark.parametrize(
    "place", ["patches", "patches/embedded", *(f"patches/embedded/{name}/" for name in sorted(FILES))]
)
def test_files_and_folders_in_the_wrong_place_are_one_line(
    index: pd.DataFrame, place: str, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.rmtree("data/patches")
    path = Path("data") / place
    path.parent.mkdir(parents=True, exist_ok=True)
    if place.endswith("/"):
        path.mkdir()
    else:
        path.touch()
    with pytest.raises(SystemExit):
        guarded(lambda: (pack_hr("embedded", ["train"]), again()))()
    line = capsys.readouterr().err
    assert line.count("\n") == 1
    assert "mend that place" in line
    with pytest.raises(ResoluteError, match=f"{REPAIR}|{HR_REPAIR}"):
        open_pack("embedded", 4.0)


@given(st.integers(8, 200), st.integers(1, 8), st.integers(1, 40))
def test_the_grid_covers_a_side_to_its_end(side: int, size: int, stride: int) -> None:
    positions = grid(side, size, stride)
    assert positions[0] == 0
    assert positions[-1] == side - size
    assert (np.diff(positions) <= stride).all()


def test_a_flat_patch_is_the_easiest() -> None:
    lr = np.full((40, 40, 3), 90, np.uint8)
    lr[:, 20:] = 10
    mean, std = gradient_scores(lr, np.array([0, 0]), np.array([0, 12]), 16)
    assert (mean[0], std[0]) == (0, 0)
    assert mean[1] > 0 < std[1]

"""Folders of somebody's own as data sets: what is recorded, fetched and reduced, and what is refused."""

import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.datasets.conftest import SIDES, forget, record

from resolute import datasets
from resolute.cli.folders import Use
from resolute.core import layout
from resolute.core.errors import ResoluteError
from resolute.datasets.folders import check_unchanged
from resolute.degrade import degrade
from resolute.degrade.folders import degrade_folder
from resolute.fetch import fetch_dataset
from resolute.images.files import read_image, write_png
from resolute.params import jobs


def lr_folder(photos: Path, scale: int = 4) -> Path:
    """LR images that no variant makes, named as DIV2K names them."""
    for path in photos.glob("*.png"):
        hr = read_image(path)
        write_png(
            photos.parent / f"lr/{path.stem}x{scale}.png",
            hr[::scale, ::scale][: hr.shape[0] // scale, : hr.shape[1] // scale],
        )
    return photos.parent / "lr"


def test_a_folder_is_fetched_as_it_is_and_reduced_as_papers_do(photos: Path, project: Path) -> None:
    before = {path: path.read_bytes() for path in photos.iterdir()}
    record("holiday", photos)
    assert {path.name for path in (project / "data/own/datasets").iterdir()} == {"holiday.yaml", "holiday.csv"}
    assert datasets.entry("holiday").source.hr == "elsewhere/my photos"
    assert datasets.test_split("holiday") == "test"
    fetch_dataset("holiday")
    degrade("holiday", 4)
    degrade_folder(photos, project / "expected", 4, "mirror")
    assert {image.name: (image.height, image.width) for image in datasets.images("holiday", "test", 4)} == SIDES
    for hr, lr in zip(datasets.images("holiday"), datasets.lr_images("holiday", "test", 4), strict=True):
        assert hr.path.read_bytes() == (photos / f"{hr.name}.png").read_bytes()
        assert np.array_equal(read_image(lr.path), read_image(project / f"expected/{lr.name}.png"))
    assert {path: path.read_bytes() for path in photos.iterdir()} == before
    shutil.rmtree(photos)  # as a disk that was unplugged: what was fetched stays
    fetch_dataset("holiday")
    check_unchanged(["holiday"])


def test_lr_images_that_come_with_a_folder_are_taken_as_they_are(photos: Path) -> None:
    given = lr_folder(photos)
    record("phone", photos, {4: given})
    fetch_dataset("phone")
    degrade("phone", 4)
    for lr in datasets.lr_images("phone", "test", 4):
        assert np.array_equal(read_image(lr.path), read_image(given / f"{lr.name}x4.png"))
    with pytest.raises(ResoluteError, match="phone came with LR images for x4, not for x2: record some"):
        degrade("phone", 2)
    with pytest.raises(ResoluteError, match="phone came with LR images for x4, not for x2"):
        jobs.data.reduction("phone", 2)
    other = read_image(given / "coffeex4.png")[::-1]
    write_png(given / "coffeex4.png", np.ascontiguousarray(other))
    record("phone")
    with pytest.raises(ResoluteError, match=r"was not made from the HR images of now.*run `resolute degrade phone"):
        datasets.lr_images("phone", "test", 4)
    fetch_dataset("phone")
    degrade("phone", 4)
    assert np.array_equal(read_image(layout.lr_images("phone", 4) / "coffee.png"), other)
    (layout.given_lr("phone", 4) / "coffee.png").write_bytes(b"edited")
    with pytest.raises(ResoluteError, match=r"was changed after it was made.*run `resolute fetch phone`"):
        degrade("phone", 4)


def test_a_zip_file_holds_what_the_folder_holds(photos: Path, project: Path) -> None:
    with zipfile.ZipFile(project / "photos.zip", "w") as file:
        for path in photos.iterdir():
            file.write(path, f"some/folder/{path.name}")
        file.writestr("__MACOSX/._coffee.png", b"left behind")
    record("packed", project / "photos.zip")
    record("plain", photos)
    packed, plain = (project / f"data/own/datasets/{name}.csv" for name in ("packed", "plain"))
    assert packed.read_bytes() == plain.read_bytes()
    fetch_dataset("packed")
    assert {path.name for path in layout.raw_images("packed").iterdir()} == {f"{name}.png" for name in SIDES}


def test_what_is_for_training_is_not_tested_on(photos: Path) -> None:
    record("mine", photos, use=Use.TRAIN)
    assert datasets.training_split("mine") == "train"
    with pytest.raises(ResoluteError, match="mine has no split for testing"):
        datasets.test_split("mine")
    record("mine", use=Use.TEST)
    with pytest.raises(ResoluteError, match="mine is for testing and must not be trained on"):
        datasets.training_split("mine")


CHANGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "a new file": (lambda folder: shutil.copy(folder / "coffee.png", folder / "tea.png"), "tea.png is new"),
    "a file that is gone": (lambda folder: (folder / "coffee.png").rename(folder / "no image"), "coffee.png is gone"),
    "another size": (lambda folder: (folder / "coffee.png").write_bytes(b"short"), "coffee.png has another size"),
}


@pytest.mark.parametrize("kind", CHANGES)
def test_a_folder_that_has_changed_is_to_be_recorded_anew(kind: str, photos: Path) -> None:
    change, said = CHANGES[kind]
    record("holiday", photos)
    fetch_dataset("holiday")
    check_unchanged(["holiday", "embedded"])
    change(photos)
    for ask in (lambda: check_unchanged(["holiday"]), lambda: fetch_dataset("holiday")):
        with pytest.raises(ResoluteError, match=f"{said}: `resolute dataset holiday` records it anew"):
            ask()


def test_a_file_of_the_same_size_is_known_by_its_checksum(photos: Path) -> None:
    record("holiday", photos)
    content = bytearray((photos / "coffee.png").read_bytes())
    content[-1] ^= 1
    (photos / "coffee.png").write_bytes(content)
    with pytest.raises(ResoluteError, match=r"coffee.png has the wrong checksum.*`resolute dataset holiday` records"):
        fetch_dataset("holiday")
    assert not layout.raw_manifest("holiday").exists()


def test_an_image_that_is_added_and_recorded_is_fetched(photos: Path) -> None:
    record("holiday", photos)
    fetch_dataset("holiday")
    CHANGES["a new file"][0](photos)
    record("holiday")
    with pytest.raises(ResoluteError, match=r"2 of the 3 images of split 'test'.*run `resolute fetch holiday`"):
        datasets.images("holiday")
    fetch_dataset("holiday")
    assert {image.name for image in datasets.images("holiday")} == {*SIDES, "tea"}


def emptied(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.mkdir()


def sixteen_bits(path: Path) -> None:
    Image.fromarray(np.zeros((64, 64), np.uint16)).save(path)


FAULTS: dict[str, tuple[Callable[[Path, Path], object], str]] = {
    "no folder": (lambda hr, _: shutil.rmtree(hr), "my photos is not there: give a folder of images, or a zip file"),
    "an empty folder": (lambda hr, _: emptied(hr), "holds no images"),
    "no image": (lambda hr, _: (hr / "coffee.png").write_bytes(b"text"), "coffee.png"),
    "16 bits": (lambda hr, _: sixteen_bits(hr / "coffee.png"), "coffee.png has 16 bits per channel"),
    "a small image": (
        lambda hr, _: write_png(hr / "coffee.png", np.zeros((31, 64, 3), np.uint8)),
        "coffee.png has 64x31 pixels: sides of at least 32 are needed",
    ),
    "equal names": (
        lambda hr, _: Image.open(hr / "coffee.png").save(hr / "coffee.bmp"),
        "images of equal names, coffee.bmp and coffee.png: rename one of them",
    ),
    "an LR image that is missing": (lambda _, lr: (lr / "coffeex4.png").unlink(), "coffee.png has no LR image"),
    "an LR image of nothing": (lambda hr, _: (hr / "coffee.png").unlink(), "coffeex4.png has no HR image"),
    "an LR image of another size": (
        lambda _, lr: write_png(lr / "coffeex4.png", np.zeros((17, 17, 3), np.uint8)),
        r"coffeex4.png has 17x17 pixels, but that of coffee.png \(67x65\) at x4 has 16x16",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_no_data_set_is_refused_in_one_line_and_nothing_is_written(
    fault: str, photos: Path, project: Path
) -> None:
    lr = lr_folder(photos)
    spoil, said = FAULTS[fault]
    spoil(photos, lr)
    with pytest.raises(ResoluteError, match=said):
        record("phone", photos, {4: lr})
    assert not list((project / "data").rglob("*.*"))
    assert not list((project / "work").glob("tmp*"))


@pytest.mark.parametrize(
    ("name", "said"),
    [("set5", "the registry has a 'set5' already"), ("My-Photos", "'My-Photos' is no name"), ("../x", "is no name")],
)
def test_a_name_that_is_taken_or_none_is_refused(name: str, said: str, photos: Path, project: Path) -> None:
    with pytest.raises(ResoluteError, match=said):
        record(name, photos)
    assert not list((project / "data").rglob("*.*"))


def test_a_union_with_a_folder_is_an_entry_written_by_hand(photos: Path, project: Path) -> None:
    record("mine", photos, use=Use.TRAIN)
    (project / "data/own/datasets/both.yaml").write_text("title: both\nsource: {kind: union, of: [mine, embedded]}\n")
    with pytest.raises(
        ResoluteError, match=r"data/own/datasets/both.yaml: source.of: mine and embedded are of different variants"
    ):
        record("both")
    text = "title: both\nsource: {kind: union, of: [mine, div2k_train]}\n"
    (project / "data/own/datasets/both.yaml").write_text(text)
    forget()
    assert datasets.entry("both").splits["train"].images == 2 + 800
    with pytest.raises(ResoluteError, match="there is no data set 'both' of yours"):
        record("both")


def test_an_entry_that_takes_a_name_or_lost_its_list_says_so(photos: Path, project: Path) -> None:
    record("holiday", photos)
    folder = project / "data/own/datasets"
    (folder / "holiday.csv").write_text((folder / "holiday.csv").read_text().replace("coffee,", "tea,"))
    with pytest.raises(
        ResoluteError, match=r"holiday.csv is not the list that .*: run `resolute dataset holiday` again"
    ):
        fetch_dataset("holiday")
    (folder / "holiday.csv").unlink()
    forget()
    with pytest.raises(ResoluteError, match=r"holiday.csv is not there: run `resolute dataset holiday` again"):
        fetch_dataset("holiday")
    (folder / "holiday.yaml").rename(folder / "set5.yaml")
    forget()
    with pytest.raises(ResoluteError, match=r"data/own/datasets/set5.yaml: the registry has a 'set5' already"):
        datasets.names()

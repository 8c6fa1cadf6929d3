"""LR images: equal to those made by MATLAB, the same bytes every time, whole or not at all."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from resolute import datasets
from resolute.cli.door import guarded
from resolute.core import atomic, layout
from resolute.core.errors import ResoluteError
from resolute.core.provenance import file_sha256
from resolute.datasets import HRImage
from resolute.datasets.reader import write_images
from resolute.degrade import degrade, make
from resolute.fetch import fetch_dataset
from resolute.images.files import read_image, write_png
from resolute.images.imresize import crop_to_multiple, imresize

MADE_BY_MATLAB = [
    *((name, scale) for name in ("set5", "set14", "set5_edsr", "set14_edsr") for scale in (2, 3, 4)),
    ("b100", 4),
]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "scale"), MADE_BY_MATLAB)
def test_lr_images_equal_those_made_by_matlab(
    project: Path, mirror: Path, monkeypatch: pytest.MonkeyPatch, name: str, scale: float
) -> None:
    monkeypatch.setenv("RESOLUTE_MIRROR", str(mirror))
    fetch_dataset(name, [scale])
    degrade(name, scale)
    dataset = datasets.entry(name)
    published = {file.image: file for file in dataset.files("lr") if file.scale == scale}
    made = datasets.lr_images(name, "test", scale)
    assert {image.name for image in made} == set(published)
    for image in made:
        reference = mirror / (dataset.source.url + published[image.name].path).removeprefix("https://")
        assert np.array_equal(read_image(image.path), read_image(reference)), image.name
    assert project.is_dir()


@pytest.fixture
def embedded(project: Path) -> Path:
    fetch_dataset("embedded")
    return project


def test_manifest_says_what_was_made(embedded: Path) -> None:
    manifest = degrade("embedded", 4)
    assert manifest == embedded / "data/lr/embedded/x4.csv"
    pairs = list(zip(datasets.images("embedded"), datasets.lr_images("embedded", "", 4), strict=True))
    assert len(pairs) == 11
    for hr, lr in pairs:
        assert (lr.name, lr.split, lr.variant) == (hr.name, hr.split, datasets.entry("embedded").variant)
        assert (lr.width, lr.height) == (hr.width // 4, hr.height // 4)
        assert lr.sha256 == file_sha256(lr.path)
        whole = read_image(hr.path)[: lr.height * 4, : lr.width * 4]
        assert np.array_equal(read_image(lr.path), imresize(whole, 1 / 4, lr.variant))


def test_same_images_same_bytes(embedded: Path) -> None:
    states = []
    for workers in (1, 4):
        degrade("embedded", 4, workers)
        folder = embedded / "data/lr/embedded"
        states.append({path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()})
    assert states[0] == states[1]
    assert len(states[0]) == 12


def test_odd_scale(embedded: Path) -> None:
    manifest = degrade("embedded", 3.7)
    assert manifest == embedded / "data/lr/embedded/x3.7.csv"
    for hr, lr in zip(datasets.images("embedded"), datasets.lr_images("embedded", "", 3.7), strict=True):
        assert (lr.width, lr.height) == (int(hr.width / 3.7), int(hr.height / 3.7))
        assert read_image(lr.path).shape[:2] == (lr.height, lr.width)


@pytest.mark.parametrize(("scale", "variant"), [(3.7, "mirror"), (4, "mirror"), (4.5, "pillow"), (6, "pillow")])
def test_above_x4_the_variant_is_that_of_arbitrary_scale_papers(embedded: Path, scale: float, variant: str) -> None:
    degrade("embedded", scale)
    for hr, lr in zip(datasets.images("embedded"), datasets.lr_images("embedded", "", scale), strict=True):
        assert lr.variant == variant
        whole = crop_to_multiple(read_image(hr.path), scale)
        assert (lr.height, lr.width) == (hr.height // scale, hr.width // scale)
        made = imresize(whole, 1 / scale, variant, size=(lr.height, lr.width))
        assert np.array_equal(read_image(lr.path), made), lr.name


def test_what_cannot_be_reduced(embedded: Path) -> None:
    with pytest.raises(ResoluteError, match=r"x0.5 does not reduce anything: give a scale of at least 1"):
        degrade("embedded", 0.5)
    with pytest.raises(ResoluteError, match="data set 'set5' is not here: run `resolute fetch set5`"):
        degrade("set5", 4)
    found = []
    for name in "abcde":
        path = layout.raw_images("set5") / f"{name}.png"
        write_png(path, np.zeros((3, 20), np.uint8))
        found.append(HRImage(name, "test", path, file_sha256(path), 20, 3))
    write_images("set5", found)
    with pytest.raises(ResoluteError, match=r"^data/raw/set5/..png has 20x3 pixels, too few for x4: choose a smaller"):
        degrade("set5", 4)
    with pytest.raises(ResoluteError, match=r"xnan does not reduce anything"):
        degrade("embedded", float("nan"))
    assert [path for path in (embedded / "data/lr").rglob("*") if path.is_file()] == []


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_changed_hr_image_is_refused_and_leaves_the_lr_images_of_before(embedded: Path) -> None:
    degrade("embedded", 4)
    before = files(embedded / "data/lr")
    coffee = embedded / "data/raw/embedded/coffee.png"
    content, times = coffee.read_bytes(), coffee.stat()
    write_png(coffee, 255 - read_image(coffee))
    for _ in range(2):
        for scale in (4, 2):
            with pytest.raises(
                ResoluteError, match=r"raw/embedded/coffee.png was changed .*run `resolute fetch embedd"
            ):
                degrade("embedded", scale)
        assert files(embedded / "data/lr") == before
        coffee.write_bytes(content[:-20] + b"\0" + content[-19:])  # as large, as old
        os.utime(coffee, ns=(times.st_atime_ns, times.st_mtime_ns))
    fetch_dataset("embedded")
    degrade("embedded", 4)
    assert files(embedded / "data/lr") == before


def test_an_hr_image_replaced_during_the_work_is_seen(embedded: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    degrade("embedded", 4)
    before = files(embedded / "data/lr")

    coffee = embedded / "data/raw/embedded/coffee.png"

    def read_then_replace(path: Path) -> np.ndarray:
        pixels = read_image(path)
        if path == coffee:
            write_png(path, 255 - pixels)
        return pixels

    monkeypatch.setattr(make, "read_image", read_then_replace)
    with pytest.raises(ResoluteError, match=r"coffee.png was changed"):
        degrade("embedded", 4)
    assert files(embedded / "data/lr") == before


def test_who_waited_takes_what_it_would_make(embedded: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(make, "making", lambda _: nullcontext(True))
    degrade("embedded", 4)
    coffee = layout.lr_images("embedded", 4) / "coffee.png"
    made, content = coffee.stat().st_ino, coffee.read_bytes()
    degrade("embedded", 4)
    assert coffee.stat().st_ino == made
    coffee.write_bytes(b"other")
    degrade("embedded", 4)
    assert coffee.read_bytes() == content


AT_ONCE = "import sys; from resolute.degrade import degrade; sys.stdin.read(1); degrade('embedded', 4)"


@pytest.mark.slow
def test_several_at_once_end_with_all_images(embedded: Path) -> None:
    degrade("embedded", 4)
    alone = files(embedded / "data/lr")
    shutil.rmtree(embedded / "data/lr")
    running = [
        subprocess.Popen([sys.executable, "-c", AT_ONCE], stdin=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(3)
    ]
    for process in running:
        assert process.stdin
        process.stdin.write(b"1")
        process.stdin.flush()
    said = [process.communicate()[1].decode() for process in running]
    assert [process.returncode for process in running] == [0, 0, 0], said
    assert files(embedded / "data/lr") == alone
    assert all(line.startswith("resolute: waiting for ") for one in said for line in one.splitlines())


def test_what_the_program_did_not_make_stays(embedded: Path) -> None:
    degrade("embedded", 4)
    folder = layout.lr_images("embedded", 4)
    coffee = (folder / "coffee.png").read_bytes()
    (folder / "notes.txt").write_text("mine")
    (folder / "more").mkdir()
    (folder / "more/own.png").write_bytes(b"mine")
    (folder / "coffee.png").write_bytes(b"one that the list names is made again")
    degrade("embedded", 4)
    assert (folder / "notes.txt").read_text() == "mine"
    assert (folder / "more/own.png").read_bytes() == b"mine"
    assert (folder / "coffee.png").read_bytes() == coffee
    layout.lr_manifest("embedded", 4).unlink()
    degrade("embedded", 4)  # known from the records
    layout.lr_manifest("embedded", 4).unlink()
    (folder / "coffee.png").write_bytes(b"my own")
    with pytest.raises(
        ResoluteError, match=r"^data/lr/embedded/x4/coffee.png was not made by resolute .*move it away$"
    ):
        degrade("embedded", 4)
    assert (folder / "coffee.png").read_bytes() == b"my own"


@pytest.mark.parametrize("kind", ["link", "file"])
def test_something_else_in_the_place_of_the_folder_is_left_alone(embedded: Path, kind: str) -> None:
    place, elsewhere = layout.lr_images("embedded", 4), embedded / "elsewhere"
    place.parent.mkdir(parents=True)
    elsewhere.mkdir()
    (elsewhere / "coffee.png").write_bytes(b"mine")
    if kind == "link":
        place.symlink_to(elsewhere)
    else:
        place.write_bytes(b"mine")
    with pytest.raises(ResoluteError, match=rf"^data/lr/embedded/x4 is a {kind}, .*: move it away$"):
        degrade("embedded", 4)
    assert files(elsewhere) == {"coffee.png": b"mine"}
    assert place.is_symlink() if kind == "link" else place.read_bytes() == b"mine"


@pytest.mark.parametrize(
    ("place", "is_folder"),
    [("lr", False), ("lr/embedded", False), ("lr/embedded/x4.csv", True), ("lr/embedded/x4.part", False)],
)
def test_files_and_folders_in_the_wrong_place_are_one_line(
    embedded: Path, place: str, is_folder: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    path = embedded / "data" / place
    path.parent.mkdir(parents=True, exist_ok=True)
    if is_folder:
        path.mkdir()
        (path / "own.txt").touch()
    else:
        path.touch()
    with pytest.raises(SystemExit):
        guarded(degrade)("embedded", 4)
    line = capsys.readouterr().err
    assert line.count("\n") == 1
    assert "mend that place" in line
    assert path.is_dir() == is_folder


def test_the_new_folder_is_on_the_disk_before_the_old_one_goes(embedded: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    degrade("embedded", 4)
    done: list[tuple[str, str]] = []

    def noting(word: str, work: Callable[..., Any]) -> Callable[..., Any]:
        def noted(path: Path, *more: Any, **how: Any) -> Any:
            done.append((word, path.name))
            return work(path, *more, **how)

        return noted

    monkeypatch.setattr(atomic, "sync", noting("sync", atomic.sync))
    monkeypatch.setattr(Path, "rename", noting("rename", Path.rename))
    monkeypatch.setattr(shutil, "rmtree", noting("remove", shutil.rmtree))
    degrade("embedded", 4)
    images = {("sync", image.path.name) for image in datasets.lr_images("embedded", "", 4)}
    swap = done.index(("rename", "x4"))
    assert images | {("sync", "x4.part")} <= set(done[:swap])
    assert done[swap:] == [("rename", "x4"), ("rename", "x4.part"), ("sync", "embedded"), ("remove", "x4.old")]


def test_killed_between_old_and_new_folder(embedded: Path) -> None:
    degrade("embedded", 4)
    folder = layout.lr_images("embedded", 4)
    (folder / "notes.txt").write_text("mine")
    before = files(embedded / "data/lr")
    folder.rename(folder.with_name("x4.old"))
    degrade("embedded", 4)
    assert files(embedded / "data/lr") == before

"""Whole data sets, of every kind of source: complete and right, or not there."""

import csv
import hashlib
import os
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skimage.data

from resolute import datasets
from resolute.core import layout
from resolute.core.errors import ResoluteError
from resolute.core.locks import making
from resolute.fetch import fetch_dataset
from resolute.images.files import read_image, write_png
from resolute.images.imresize import imresize

FETCH_EMBEDDED = [sys.executable, "-c", "from resolute.fetch import fetch_dataset; fetch_dataset('embedded')"]
PATIENCE_S = 60  # for a process of our own on a busy machine; a healthy one needs about 1 s


def png(tmp_path: Path, seed: int, height: int = 12, width: int = 16) -> bytes:
    """A PNG file of noise."""
    path = tmp_path / "noise.png"
    write_png(path, np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8))
    return path.read_bytes()


def state(folder: Path) -> dict[str, str]:
    """Every file below a folder with its sha256."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_embedded_photographs_are_those_of_scikit_image(project: Path) -> None:
    manifest = fetch_dataset("embedded")
    assert manifest == project / "data/raw/embedded.csv"
    for name in ("astronaut", "coffee", "camera", "rocket", "coins"):
        (image,) = [image for image in datasets.images("embedded") if image.name == name]
        assert np.array_equal(read_image(image.path), getattr(skimage.data, name)()), name
    assert {len(datasets.images("embedded", split)) for split in ("train", "test")} == {7, 4}


@pytest.fixture
def fetched_from_mirror(project: Path, mirror: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RESOLUTE_MIRROR", str(mirror))
    return project


@pytest.mark.parametrize(
    ("name", "scales", "count"),
    [
        ("set5", (2, 4), 10),
        ("set14", (3,), 14),
        ("set5_edsr", (2, 3.7), 5),
        ("bsds500", (4,), 200),
        ("b100", (8,), 100),
    ],
)
def test_benchmarks_come_from_the_mirror(
    fetched_from_mirror: Path, name: str, scales: tuple[float, ...], count: int
) -> None:
    manifest = fetch_dataset(name, scales)
    with manifest.open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == count
    on_record = {file.sha256 for file in datasets.entry(name).files()}
    for row in rows:
        path = fetched_from_mirror / "data/raw" / name / row["file"]
        assert hashlib.sha256(path.read_bytes()).hexdigest() == row["sha256"]
        assert row["sha256"] in on_record
        assert read_image(path).shape[:2] == (int(row["height"]), int(row["width"]))
    for scale in scales:
        images = datasets.images(name, scale=scale)
        assert len({image.name for image in images}) == len(images) > 0


def test_a_scale_that_the_hr_images_do_not_suit(project: Path) -> None:
    with pytest.raises(ResoluteError, match=r"'set5' has HR images for x2, x3, x4 and multiples, not for x5: choose"):
        fetch_dataset("set5", [5.0])
    assert state(project / "data") == {}


@pytest.fixture
def three(server: Any, add_data_set: Callable[..., None], tmp_path: Path) -> dict[str, bytes]:
    """A data set `three` on the test's own server."""
    files = {f"train/{name}.png": png(tmp_path, seed) for seed, name in enumerate("abc")}
    server.files.update(files)
    source = {"kind": "files", "url": f"{server.address}/"}
    add_data_set("three", source, {"train": {"use": "train", "images": 3}}, files)
    return files


@pytest.mark.usefixtures("three")
def test_again_keeps_what_is_right_and_mends_the_rest(project: Path, server: Any) -> None:
    manifest = fetch_dataset("three")
    before = state(project / "data")
    assert set(before) == {"raw/three.csv", "raw/three/a.png", "raw/three/b.png", "raw/three/c.png"}
    server.requests.clear()
    (project / "data/raw/three/a.png").write_bytes(b"damaged")
    (project / "data/raw/three/b.png").unlink()
    assert fetch_dataset("three") == manifest
    assert state(project / "data") == before
    assert sorted(path for path, _ in server.requests) == ["train/a.png", "train/b.png"]


@pytest.mark.parametrize("fault", ["absent", "changed", "no image"])
def test_a_failure_leaves_nothing_half_done(
    project: Path, server: Any, three: dict[str, bytes], fault: str, add_data_set: Callable[..., None]
) -> None:
    if fault == "absent":
        content, message = (
            server.files.pop("train/b.png"),
            "train/b.png: the server answers 404",
        )
    elif fault == "changed":
        content, message = three["train/b.png"], "train/b.png has the wrong checksum"
        server.files["train/b.png"] = three["train/a.png"][:-1] + b"!"
    else:
        content, message = three["train/b.png"], "b.png is damaged"
        server.files["train/b.png"] = content[:-20]
        broken = {**three, "train/b.png": content[:-20]}
        source = {"kind": "files", "url": f"{server.address}/"}
        add_data_set("three", source, {"train": {"use": "train", "images": 3}}, broken)
    with pytest.raises(ResoluteError, match=message):
        fetch_dataset("three")
    assert not (project / "data/raw/three").exists()
    assert not (project / "data/raw/three.csv").exists()
    if fault != "no image":
        server.files["train/b.png"] = content
        fetch_dataset("three")
        assert len(datasets.images("three")) == 3
        assert not (project / "data/raw/three.part").exists()


@pytest.mark.usefixtures("three")
def test_a_failure_leaves_the_data_set_of_before(project: Path, server: Any) -> None:
    fetch_dataset("three")
    (project / "data/raw/three/b.png").write_bytes(b"damaged")
    server.files.clear()
    before = state(project / "data/raw")
    with pytest.raises(ResoluteError, match="404"):
        fetch_dataset("three")
    assert state(project / "data/raw") == before


def test_optional_splits_are_fetched_when_asked_for(
    project: Path, server: Any, add_data_set: Callable[..., None], tmp_path: Path
) -> None:
    files = {"train/a.png": png(tmp_path, 0), "test/b.png": png(tmp_path, 1)}
    server.files.update(files)
    splits = {"train": {"use": "train", "images": 1}, "test": {"use": "train", "images": 1, "optional": True}}
    add_data_set("split", {"kind": "files", "url": f"{server.address}/"}, splits, files)
    fetch_dataset("split")
    assert [image.name for image in datasets.images("split")] == ["a"]
    fetch_dataset("split", splits=["train", "test"])
    assert [image.name for image in datasets.images("split")] == ["b", "a"]
    fetch_dataset("split", splits=["train"])
    assert set(state(project / "data/raw")) == {"split.csv", "split/a.png"}, "what is no longer part of it stayed"
    with pytest.raises(ResoluteError, match="split has no split 'tets': did you mean 'test'"):
        fetch_dataset("split", splits=["tets"])
    assert project.is_dir()


def test_archive(
    project: Path,
    server: Any,
    add_data_set: Callable[..., None],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    packed = tmp_path / "set.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for seed in range(3):
            archive.writestr(f"Set/{seed:04d}.png", png(tmp_path, seed))
        archive.writestr("Set/readme.txt", "no image")
    server.files["set.zip"] = packed.read_bytes()
    splits = {"train": {"use": "train", "images": 2, "names": "0001-0002"}}
    add_data_set("packed", {"kind": "archive", "url": server.url("set.zip")}, splits)
    fetch_dataset("packed")
    assert [image.name for image in datasets.images("packed")] == ["0001", "0002"]
    assert (project / "data/reference/downloads.csv").is_file()
    assert "no checksum is on record" in caplog.text
    assert set(state(project / "data/raw")) == {"packed.csv", "packed/0001.png", "packed/0002.png"}
    fetch_dataset("packed")
    assert len(server.requests) == 1, "what is here was fetched again"
    (project / "data/raw/packed/0001.png").unlink()
    fetch_dataset("packed")
    assert len(datasets.images("packed")) == 2
    server.files["set.zip"] += b"changed"
    (project / "data/raw/packed/0001.png").unlink()
    with pytest.raises(ResoluteError, match=r"set.zip is not the file of the first fetch"):
        fetch_dataset("packed")


@pytest.mark.parametrize("answer", ["<html>log in first</html>", "another set", "no images"])
def test_only_a_right_archive_is_recorded(
    project: Path, server: Any, add_data_set: Callable[..., None], tmp_path: Path, answer: str
) -> None:
    def pack(names: list[str], content: bytes) -> bytes:
        packed = tmp_path / "set.zip"
        with zipfile.ZipFile(packed, "w") as archive:
            for name in names:
                archive.writestr(name, content)
        return packed.read_bytes()

    right = pack(["01.png", "02.png"], png(tmp_path, 0))
    wrong = {"another set": pack(["03.png"], png(tmp_path, 0)), "no images": pack(["01.png", "02.png"], b"no image")}
    splits = {"train": {"use": "train", "images": 2, "names": "01-02"}}
    add_data_set("packed", {"kind": "archive", "url": server.url("set.zip")}, splits)
    server.files["set.zip"] = wrong.get(answer, answer.encode())
    with pytest.raises(ResoluteError, match=r"set.zip (is no zip|lacks 2 of 2)|0[12].png is not an image"):
        fetch_dataset("packed")
    assert not (project / "data/reference").exists()
    server.files["set.zip"] = right
    fetch_dataset("packed")
    assert hashlib.sha256(right).hexdigest() in (project / "data/reference/downloads.csv").read_text()


@pytest.mark.parametrize(("name", "word"), [("manga109", "109 PNG files"), ("div8k", "0001.png to 1500.png")])
def test_data_sets_placed_by_hand_say_what_to_put_where(project: Path, name: str, word: str) -> None:
    with pytest.raises(ResoluteError) as error:
        fetch_dataset(name, [4])
    line = str(error.value)
    assert word in line
    assert f"data/manual/{name}/" in line
    assert f"run `resolute fetch {name}` again" in line
    assert "\n" not in line
    assert state(project / "data") == {}


def test_data_sets_placed_by_hand_are_checked(project: Path, add_data_set: Callable[..., None], tmp_path: Path) -> None:
    splits = {
        "train": {"use": "train", "images": 2, "names": "01-02"},
        "test": {"use": "test", "images": 1, "names": "03-03"},
    }
    add_data_set("placed", {"kind": "manual", "instruction": "Ask the authors.", "minimum_side": 10}, splits)
    folder = project / "data/manual/placed"
    folder.mkdir(parents=True)
    for number in (1, 3):
        (folder / f"{number:02d}.png").write_bytes(png(tmp_path, number))
    with pytest.raises(
        ResoluteError, match=r"holds 1 of the 2 images of placed's split 'train' \(02 is missing\): Ask"
    ):
        fetch_dataset("placed")
    (folder / "02.png").write_bytes(png(tmp_path, 2, height=9))
    with pytest.raises(ResoluteError, match=r"02 of placed has 16x9 pixels instead of at least 10: Ask the authors"):
        fetch_dataset("placed")
    assert not (project / "data/raw/placed.csv").exists()
    (folder / "02.png").write_bytes(png(tmp_path, 2))
    fetch_dataset("placed")
    assert [(image.name, image.split) for image in datasets.images("placed")] == [
        ("03", "test"),
        ("01", "train"),
        ("02", "train"),
    ]
    (folder / "copy").mkdir()
    (folder / "copy/02.jpg").touch()
    pair = r"images of equal names, data/manual/placed/02.png and data/manual/placed/copy/02.jpg: keep one of each"
    with pytest.raises(ResoluteError, match=pair):
        fetch_dataset("placed")


def test_what_systems_leave_behind_and_links_do_not_count(
    project: Path, add_data_set: Callable[..., None], tmp_path: Path
) -> None:
    add_data_set("placed", {"kind": "manual", "instruction": "Ask."}, {"test": {"use": "test", "images": 2}})
    folder = project / "data/manual/placed"
    for litter in ("._a.png", "__MACOSX/a.png", ".thumbnails/a.png"):
        (folder / litter).parent.mkdir(parents=True, exist_ok=True)
        (folder / litter).write_bytes(b"no image")
    (folder / "a.png").write_bytes(png(tmp_path, 0))
    (folder / "folder.png").mkdir()
    (folder / "folder.png/a.png").symlink_to(folder / "a.png")
    (folder / "gone.png").symlink_to("nowhere")
    (folder / "loop").symlink_to(folder)
    os.mkfifo(folder / "pipe.png")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/b.png").write_bytes(png(tmp_path, 1))
    (folder / "linked").symlink_to(tmp_path / "elsewhere")
    fetch_dataset("placed")
    assert [image.name for image in datasets.images("placed")] == ["a", "b"]


def test_derived_images_are_reduced_from_their_originals(
    project: Path, add_data_set: Callable[..., None], tmp_path: Path
) -> None:
    names = {"use": "test", "images": 2, "names": "1-2"}
    add_data_set("large", {"kind": "manual", "instruction": "Place it."}, {"test": names})
    add_data_set("half", {"kind": "derived", "of": "large", "reduce": 2}, {"test": names}, variant="mirror_float")
    add_data_set("same", {"kind": "derived", "of": "large", "reduce": 1}, {"test": names})
    with pytest.raises(ResoluteError, match="data set 'large' is not here: run `resolute fetch large`"):
        fetch_dataset("half")
    folder = project / "data/manual/large"
    folder.mkdir(parents=True)
    for number in (1, 2):
        (folder / f"{number}.png").write_bytes(png(tmp_path, number, 13, 16))
    fetch_dataset("large")
    fetch_dataset("half")
    fetch_dataset("same")
    for whole, half, same in zip(*(datasets.images(name) for name in ("large", "half", "same")), strict=True):
        assert (half.height, half.width) == (6, 8)
        assert np.array_equal(read_image(half.path), imresize(read_image(whole.path)[:12], 1 / 2, "mirror_float"))
        assert same.sha256 == whole.sha256


def test_a_derived_set_has_as_many_patches_as_the_papers(
    project: Path, add_data_set: Callable[..., None], tmp_path: Path
) -> None:
    """HR of 240x352 is LR of 60x88 at x4: two patches of 32 at a stride of 28 by three, of 239x352 one by three."""
    names = {"use": "test", "images": 1, "names": "1-1"}
    add_data_set("large", {"kind": "manual", "instruction": "Place it."}, {"test": names})
    add_data_set("made", {"kind": "derived", "of": "large", "reduce": 1}, {"test": names}, patches=6)
    folder = project / "data/manual/large"
    folder.mkdir(parents=True)
    (folder / "1.png").write_bytes(png(tmp_path, 1, 239, 352))
    fetch_dataset("large")
    with pytest.raises(ResoluteError, match="made has 3 LR patches at x4 instead of the 6 of the papers: check that"):
        fetch_dataset("made")
    assert not (project / "data/raw/made.csv").exists()
    (folder / "1.png").write_bytes(png(tmp_path, 1, 240, 352))
    fetch_dataset("large")
    assert fetch_dataset("made").is_file()


@pytest.mark.slow
def test_two_processes_at_once(project: Path) -> None:
    """The second waits for the first, and both find the data set right."""
    with making(layout.raw_images("embedded")):
        processes = [subprocess.Popen(FETCH_EMBEDDED, cwd=project, stderr=subprocess.PIPE) for _ in range(2)]
        time.sleep(2)
        assert [process.poll() for process in processes] == [None, None]
        assert not layout.raw_images("embedded").exists()
    for process in processes:
        _, error = process.communicate(timeout=PATIENCE_S)
        assert process.returncode == 0, error.decode()
    assert len(datasets.images("embedded")) == 11
    assert set(state(project / "data/raw")) == {"embedded.csv"} | {
        f"embedded/{image.path.name}" for image in datasets.images("embedded")
    }

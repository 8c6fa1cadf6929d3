"""LR images: equal to those made by MATLAB, the same bytes every time, whole or not at all."""

from pathlib import Path

import numpy as np
import pytest

from resolute import datasets
from resolute.core import layout
from resolute.core.errors import ResoluteError
from resolute.core.provenance import file_sha256
from resolute.datasets import HRImage
from resolute.datasets.reader import write_images
from resolute.degrade import degrade
from resolute.fetch import fetch_dataset
from resolute.images.files import read_image, write_png
from resolute.images.imresize import imresize

MADE_BY_MATLAB = [
    *((name, scale) for name in ("set5", "set14", "set5_edsr", "set14_edsr") for scale in (2, 3, 4)),
    ("b100", 4),
]


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


def test_what_cannot_be_reduced(embedded: Path) -> None:
    with pytest.raises(ResoluteError, match=r"x0.5 does not reduce anything: give a scale of at least 1"):
        degrade("embedded", 0.5)
    with pytest.raises(ResoluteError, match="data set 'set5' is not here: run `resolute fetch set5`"):
        degrade("set5", 4)
    path = layout.raw_images("set5") / "a.png"
    write_png(path, np.zeros((3, 20), np.uint8))
    write_images("set5", [HRImage("a", "test", path, file_sha256(path), 20, 3)])
    with pytest.raises(ResoluteError, match=r"^data/raw/set5/a.png has 20x3 pixels, too few for x4: leave it out$"):
        degrade("set5", 4)
    assert [path for path in (embedded / "data/lr").rglob("*") if path.is_file()] == []


def test_a_damaged_hr_image_leaves_the_lr_images_of_before(embedded: Path) -> None:
    degrade("embedded", 4)
    before = {path: path.read_bytes() for path in (embedded / "data/lr").rglob("*") if path.is_file()}
    coffee = embedded / "data/raw/embedded/coffee.png"
    coffee.write_bytes(coffee.read_bytes()[:10_000])
    with pytest.raises(ResoluteError, match=r"coffee.png is damaged or cut short"):
        degrade("embedded", 4)
    after = {path: path.read_bytes() for path in (embedded / "data/lr").rglob("*") if path.is_file()}
    assert after == before
    with pytest.raises(ResoluteError, match=r"coffee.png is damaged or cut short"):
        degrade("embedded", 2)
    assert {path.name for path in (embedded / "data/lr/embedded").iterdir()} == {"x4", "x4.csv"}

"""Reading what is here, and saying which command brings what is not."""

from pathlib import Path

import pytest

from resolute import datasets
from resolute.core import layout
from resolute.core.errors import ResoluteError
from resolute.datasets import HRImage, LRImage
from resolute.datasets.reader import write_images, write_lr_images

pytestmark = pytest.mark.usefixtures("project")


def place(dataset: str, *files: tuple[str, str, float | None]) -> list[HRImage]:
    """Empty files with a manifest, as fetch would leave them: (name, split, scale)."""
    found = []
    for name, split, scale in files:
        folder = layout.raw_images(dataset) / (layout.scale_name(scale) if scale else "")
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{name}.png"
        path.touch()
        found.append(HRImage(name, split, path, "0" * 64, 12, 8, scale))
    write_images(dataset, found)
    return found


def test_images_come_back_sorted_and_whole(project: Path) -> None:
    b, a, c = place("embedded", ("b", "test", None), ("a", "test", None), ("c", "train", None))
    assert datasets.images("embedded") == [a, b, c]
    assert datasets.images("embedded", "test", 3.7) == [a, b]
    assert a.path.is_relative_to(project)


def test_manifest_does_not_depend_on_the_order() -> None:
    found = place("set5", ("a", "test", 2), ("b", "test", 2), ("a", "test", 4), ("b", "test", 4))
    first = layout.raw_manifest("set5").read_bytes()
    write_images("set5", found[::-1])
    assert layout.raw_manifest("set5").read_bytes() == first
    assert first.decode().splitlines()[1] == f"a,test,2,x2/a.png,{'0' * 64},12,8"


def test_rows_fit_the_scale() -> None:
    place("set5", ("a", "test", 2), ("a", "test", 3))
    assert [image.path.parent.name for image in datasets.images("set5", "test", 3)] == ["x3"]
    assert [image.path.parent.name for image in datasets.images("set5", "test", 8)] == ["x2"]
    with pytest.raises(ResoluteError, match=r"not for x5: run `resolute fetch set5` for that scale"):
        datasets.images("set5", "test", 5)


def test_what_is_not_here_names_the_command(project: Path) -> None:
    with pytest.raises(ResoluteError, match=r"^data set 'set5' is not here: run `resolute fetch set5`$"):
        datasets.images("set5")
    with pytest.raises(
        ResoluteError, match=r"^data set 'set5' at x4 is not here: run `resolute degrade set5 --scale 4`$"
    ):
        datasets.lr_images("set5", "test", 4)
    place("bsds500", ("a", "train", None))
    with pytest.raises(ResoluteError, match="split 'test' of data set 'bsds500' is not here"):
        datasets.images("bsds500", "test")
    with pytest.raises(ResoluteError, match="bsds500 has no split 'tests': did you mean 'test'"):
        datasets.images("bsds500", "tests")
    (project / "data/raw/bsds500/a.png").unlink()
    with pytest.raises(
        ResoluteError, match=r"not complete here, data/raw/bsds500/a.png is missing: run `resolute fetch"
    ):
        datasets.images("bsds500")


def test_lr_images_come_back_in_the_order_of_the_hr_images() -> None:
    hr = place("embedded", ("b", "test", None), ("a", "test", None), ("c", "train", None))
    folder = layout.lr_images("embedded", 4)
    folder.mkdir(parents=True)
    lr = [LRImage(i.name, i.split, folder / f"{i.name}.png", "1" * 64, 3, 2, "mirror") for i in hr]
    for image in lr:
        image.path.touch()
    write_lr_images("embedded", 4, lr)
    order = [image.name for image in datasets.images("embedded")]
    assert [image.name for image in datasets.lr_images("embedded", "", 4)] == order
    assert datasets.lr_images("embedded", "train", 4) == [lr[2]]

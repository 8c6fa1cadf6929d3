"""Reading what is here, refusing what is not what it was, and saying which command mends it."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from resolute import datasets
from resolute.core import layout, records
from resolute.core.errors import ResoluteError
from resolute.core.provenance import file_sha256
from resolute.datasets import HRImage, LRImage
from resolute.datasets.reader import write_images, write_lr_images

pytestmark = pytest.mark.usefixtures("project")


def place(dataset: str, split: str, *scales: float | None) -> list[HRImage]:
    """Files for all images of a split, no pictures, as fetch would leave them."""
    found = []
    for scale in scales or (None,):
        folder = layout.raw_images(dataset) / (layout.scale_name(scale) if scale else "")
        folder.mkdir(parents=True, exist_ok=True)
        for number in range(datasets.entry(dataset).split(split).images):
            path = folder / f"{split}{number:03}.png"
            path.write_bytes(f"{number} of {split} for {scale}".encode())
            found.append(HRImage(path.stem, split, path, file_sha256(path), 12, 8, scale))
    return found


def place_lr(dataset: str, scale: float, originals: list[HRImage]) -> list[LRImage]:
    """Files and their list as degrade would leave them."""
    folder, variant, made = layout.lr_images(dataset, scale), datasets.entry(dataset).variant_at(scale), []
    folder.mkdir(parents=True, exist_ok=True)
    for hr in originals:
        path = folder / f"{hr.name}.png"
        path.write_bytes(f"smaller {hr.name}".encode())
        made.append(LRImage(hr.name, hr.split, path, file_sha256(path), 3, 2, variant, scale, hr.sha256))
    write_lr_images(dataset, scale, made)
    return made


def edit(path: Path) -> None:
    """Change one byte, and leave size and time of change as they were."""
    before, content = path.stat(), bytearray(path.read_bytes())
    content[0] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def test_images_come_back_sorted_and_whole(project: Path) -> None:
    train, test = place("embedded", "train"), place("embedded", "test")
    write_images("embedded", [*train[::-1], *test])
    assert datasets.images("embedded") == [*test, *train]
    assert datasets.images("embedded", "test", 3.7) == test
    assert datasets.image("embedded", "train002") == train[2]
    assert test[0].path.is_relative_to(project)


def test_manifest_does_not_depend_on_the_order() -> None:
    found = place("set5", "test", 2, 4)
    write_images("set5", found)
    first = layout.raw_manifest("set5").read_bytes()
    write_images("set5", found[::-1])
    assert layout.raw_manifest("set5").read_bytes() == first
    assert first.decode().splitlines()[1] == f"test000,test,2,x2/test000.png,{found[0].sha256},12,8"


def test_rows_fit_the_scale() -> None:
    write_images("set5", place("set5", "test", 2, 3))
    assert {image.path.parent.name for image in datasets.images("set5", "test", 3)} == {"x3"}
    assert {image.path.parent.name for image in datasets.images("set5", "test", 8)} == {"x2"}
    assert datasets.image("set5", "test001", "test", 3).path.parent.name == "x3"
    with pytest.raises(ResoluteError, match=r"not for x5: run `resolute fetch set5` for that scale"):
        datasets.images("set5", "test", 5)


def test_what_is_not_here_names_the_command() -> None:
    with pytest.raises(ResoluteError, match=r"^data set 'set5' is not here: run `resolute fetch set5`$"):
        datasets.images("set5")
    with pytest.raises(
        ResoluteError, match=r"^data set 'set5' at x4 is not here: run `resolute degrade set5 --scale 4`$"
    ):
        datasets.lr_images("set5", "test", 4)
    found = place("bsds500", "train")
    write_images("bsds500", found)
    with pytest.raises(ResoluteError, match="split 'test' of data set 'bsds500' is not here"):
        datasets.images("bsds500", "test")
    with pytest.raises(ResoluteError, match="bsds500 has no split 'tests': did you mean 'test'"):
        datasets.images("bsds500", "tests")
    found[0].path.unlink()
    with pytest.raises(
        ResoluteError, match=r"not complete here, data/raw/bsds500/train000.png is missing: run `resolute fetch"
    ):
        datasets.images("bsds500")
    with pytest.raises(ResoluteError, match="has no image 'train01': did you mean 'train101'"):
        datasets.image("bsds500", "train01")


def test_lr_images_come_back_in_the_order_of_the_hr_images() -> None:
    hr = [*place("embedded", "train"), *place("embedded", "test")]
    write_images("embedded", hr)
    lr = place_lr("embedded", 4, hr)
    order = [image.name for image in datasets.images("embedded")]
    assert [image.name for image in datasets.lr_images("embedded", "", 4)] == order
    assert datasets.lr_images("embedded", "train", 4) == lr[:7]


def test_a_file_changed_in_place_is_named_with_what_mends_it() -> None:
    hr = place("set5", "test")
    write_images("set5", hr)
    lr = place_lr("set5", 4, hr)
    assert len(datasets.images("set5")) == len(datasets.lr_images("set5", "test", 4)) == 5
    edit(lr[3].path)
    changed = r"test003.png was changed after it was made, its checksum is wrong: run `resolute"
    with pytest.raises(ResoluteError, match=rf"^data/lr/set5/x4/{changed} degrade set5 --scale 4`$"):
        datasets.lr_images("set5", "test", 4)
    edit(hr[3].path)
    for read in (lambda: datasets.images("set5", "test", 4), lambda: datasets.image("set5", "test003")):
        with pytest.raises(ResoluteError, match=rf"^data/raw/set5/{changed} fetch set5`$"):
            read()
    assert datasets.image("set5", "test002") == hr[2]


def test_what_has_not_changed_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    write_images("set5", place("set5", "test"))
    read: list[Path] = []

    def noted(path: Path) -> str:
        read.append(path)
        return file_sha256(path)

    monkeypatch.setattr(records, "file_sha256", noted)
    for _ in range(3):
        datasets.images("set5")
    assert len(read) == 5


def test_lr_images_of_other_hr_images_are_refused() -> None:
    hr = place("set5", "test")
    write_images("set5", hr)
    lr = place_lr("set5", 4, hr)
    refusal = r"^data set 'set5' at x4 was not made from the HR images of now, see test002: run `resolute degrade set5"

    def other(**facts: Any) -> list[LRImage]:
        return [*lr[:2], replace(lr[2], **facts), *lr[3:]]

    for made in (other(variant="mirror_float"), other(scale=2.0), other(hr_sha256="0" * 64), [*lr[:2], *lr[3:]]):
        write_lr_images("set5", 4, made)
        with pytest.raises(ResoluteError, match=refusal):
            datasets.lr_images("set5", "test", 4)
    write_lr_images("set5", 4, lr)
    assert datasets.lr_images("set5", "test", 4) == lr
    hr[2].path.write_bytes(b"another picture of the same name")
    write_images("set5", [replace(one, sha256=file_sha256(one.path)) for one in hr])
    with pytest.raises(ResoluteError, match=refusal):
        datasets.lr_images("set5", "test", 4)


def test_lr_images_above_x4_of_the_variant_below_are_refused() -> None:
    hr = place("set5_edsr", "test")
    write_images("set5_edsr", hr)
    lr = place_lr("set5_edsr", 6, hr)
    assert {image.variant for image in datasets.lr_images("set5_edsr", "test", 6)} == {"pillow"}
    write_lr_images("set5_edsr", 6, [replace(image, variant="mirror") for image in lr])
    with pytest.raises(ResoluteError, match=r"at x6 was not made .*: run `resolute degrade set5_edsr --scale 6` again"):
        datasets.lr_images("set5_edsr", "test", 6)


def without(column: str) -> Callable[[bytes], bytes]:
    """What takes a column out of a list, name and values."""

    def cut(content: bytes) -> bytes:
        rows = [line.split(",") for line in content.decode().splitlines()]
        number = rows[0].index(column)
        return "".join(",".join(row[:number] + row[number + 1 :]) + "\n" for row in rows).encode()

    return cut


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "cut in a number": lambda content: content[:-2],
    "cut in a row": lambda content: content[: content.rindex(b",")] + b"\n",
    "a row short": lambda content: content[: content[:-1].rindex(b"\n") + 1],
    "a value more": lambda content: content[:-1] + b",7\n",
    "not UTF-8": lambda content: content.replace(b"test001", b"test\xff01"),
    "bytes": lambda _: bytes(range(256)) * 8 + b"\n",
    "another table": lambda _: b"method,psnr\nbicubic,28.4\n",
    "an open quote": lambda content: content.replace(b"test001", b'"test001'),
    "no number": lambda content: content.replace(b"12,8\n", b"12,eight\n").replace(b"3,2,", b"3,two,"),
    "no such split": lambda content: content.replace(b",test,", b",tset,"),
    "a huge field": lambda content: content.replace(b"test001", b"a" * 200_000),
    "NaN for a scale": lambda content: content.replace(b"test,2,", b"test,nan,").replace(b",2,", b",nan,"),
    "zero for a scale": lambda content: content.replace(b"test,2,", b"test,0,").replace(b",2,", b",0,"),
    "without checksums": without("sha256"),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_list_that_is_not_whole_is_one_line(damage: Callable[[bytes], bytes]) -> None:
    hr = place("set5", "test", 2)
    write_images("set5", hr)
    place_lr("set5", 2, hr)
    kinds = {
        "fetch set5`": (layout.raw_manifest("set5"), lambda: datasets.images("set5", scale=2)),
        "degrade set5 --scale 2`": (layout.lr_manifest("set5", 2), lambda: datasets.lr_images("set5", "", 2)),
    }
    for command, (manifest, read) in kinds.items():
        content = manifest.read_bytes()
        manifest.write_bytes(damage(content))
        with pytest.raises(ResoluteError, match=rf"^[^\n]*run `resolute {command}[^\n]*$"):
            read()
        manifest.write_bytes(content)
        assert read()


def test_lr_images_of_an_earlier_version_are_to_be_made_again() -> None:
    hr = place("set5", "test")
    write_images("set5", hr)
    place_lr("set5", 4, hr)
    manifest = layout.lr_manifest("set5", 4)
    manifest.write_bytes(without("hr_sha256")(without("scale")(manifest.read_bytes())))
    with pytest.raises(ResoluteError, match=r"it has no column 'scale'\): run `resolute degrade set5 --scale 4`"):
        datasets.lr_images("set5", "", 4)

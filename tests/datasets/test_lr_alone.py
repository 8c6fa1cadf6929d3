"""LR images without originals as a data set: fetched, upscaled without scores, refused where originals are needed."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from tests.datasets.conftest import SIDES, forget, record
from typer.testing import CliRunner

from resolute import datasets, measurements, methods, params
from resolute.cli import app
from resolute.cli.ensure import ensure_images
from resolute.cli.folders import Use
from resolute.core import layout
from resolute.core.errors import ResoluteError
from resolute.core.layout import Run
from resolute.datasets.folders import check_unchanged
from resolute.datasets.store import read_table
from resolute.degrade import degrade
from resolute.estimate.needs import _lr_pixels, _source_files
from resolute.evaluate import evaluate, summarise
from resolute.fetch import fetch_dataset
from resolute.images.files import read_image, write_png
from resolute.images.zipped import unzip_image
from resolute.methods import weights
from resolute.params import jobs, presets
from resolute.registry import find_run

Change = Callable[[dict[str, Any]], object]


def command(*words: str) -> str:
    """What a command of the program prints."""
    done = CliRunner().invoke(app, [*words], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def renamed(photos: Path, ending: str) -> Path:
    """A copy of the photographs whose names have an ending."""
    folder = photos.parent / ending
    folder.mkdir()
    for name in SIDES:
        shutil.copy(photos / f"{name}.png", folder / f"{name}{ending}.png")
    return folder


def test_images_are_fetched_and_taken_as_they_are(photos: Path) -> None:
    record("phone", lr={4: photos})
    assert (datasets.entry("phone").has_originals, datasets.test_split("phone")) == (False, "test")
    manifest = fetch_dataset("phone")
    listed = {row["file"]: (row["scale"], int(row["height"]), int(row["width"])) for row in read_table(manifest)}
    assert listed == {f"lr_x4/{name}.png": ("4", *sides) for name, sides in SIDES.items()}
    degrade("phone", 4)
    for lr in datasets.lr_images("phone", "test", 4):
        assert np.array_equal(read_image(lr.path), read_image(photos / f"{lr.name}.png"))
    with pytest.raises(ResoluteError, match="'phone' has LR images alone, nothing is trained on it or scored by it"):
        datasets.images("phone", "test", 4)
    with pytest.raises(ResoluteError, match="phone came with LR images for x4, not for x2: record some"):
        degrade("phone", 2)
    shutil.rmtree(photos)  # as a disk that was unplugged: what was fetched stays
    fetch_dataset("phone")
    check_unchanged(["phone"])


def test_every_scale_has_its_own_files_of_the_same_images(photos: Path) -> None:
    record("phone", lr={4: renamed(photos, "x4")})
    fetch_dataset("phone")
    degrade("phone", 4)
    smaller = renamed(photos, "_LRx2")
    write_png(smaller / "coffee_LRx2.png", np.zeros((9, 7), np.uint8))
    record("phone", lr={2: smaller})
    for scale in (2, 4):
        with pytest.raises(ResoluteError, match=f"run `resolute (fetch|degrade) phone( --scale {scale})?`"):
            datasets.lr_images("phone", "test", scale)
    fetch_dataset("phone")
    for scale, sides in ((2, (9, 7)), (4, SIDES["coffee"])):
        degrade("phone", scale)
        found = datasets.lr_images("phone", "test", scale)
        assert [lr.name for lr in found] == [*SIDES]
        assert (found[1].height, found[1].width) == sides
        assert datasets.image("phone", "coffee", "test", scale).sha256 == found[1].hr_sha256


def test_one_folder_serves_several_scales(photos: Path) -> None:
    record("phone", lr={2: photos, 4: photos})
    fetch_dataset("phone")
    for scale in (2, 4):
        degrade("phone", scale)
        assert len(datasets.lr_images("phone", "", scale)) == len(SIDES)


def test_an_image_that_changed_is_upscaled_again(photos: Path) -> None:
    record("phone", lr={4: photos})
    fetch_dataset("phone")
    degrade("phone", 4)
    (photos / "tea.png").write_bytes((photos / "coffee.png").read_bytes())
    for ask in (lambda: check_unchanged(["phone"]), lambda: fetch_dataset("phone")):
        with pytest.raises(ResoluteError, match=r"tea.png is new: `resolute dataset phone` records it anew"):
            ask()
    (photos / "tea.png").unlink()
    write_png(photos / "coffee.png", np.zeros((40, 40, 3), np.uint8))
    record("phone")
    with pytest.raises(ResoluteError, match=r"see astronaut: run `resolute degrade phone --scale 4` again"):
        datasets.lr_images("phone", "test", 4)
    fetch_dataset("phone")
    degrade("phone", 4)
    assert not read_image(datasets.lr_images("phone", "test", 4)[1].path).any()


FAULTS: dict[str, tuple[Callable[[Path], dict[int, Path]], Use | None, str]] = {
    "no folder": (lambda hr: {4: hr / "none"}, None, "none is not there: give a folder of images"),
    "no images": (lambda hr: {4: hr.parent.parent}, None, r"holds no images \(.*\): give a folder of LR images"),
    "other images": (
        lambda hr: {2: hr, 4: hr.parent},
        None,
        "photos has no image 'alone' for x2, as there is for another scale: add it, or make a data set for each",
    ),
    "equal names": (
        lambda hr: {4: Path(shutil.copy(hr / "coffee.png", hr / "coffeex4.png")).parent},
        None,
        "images of equal names, coffee.png and coffeex4.png: rename one of them",
    ),
    "for training": (lambda hr: {4: hr}, Use.TRAIN, "nothing can be trained on the LR images of phone alone: give"),
    "nothing": (lambda _: {}, None, "there is no data set 'phone' of yours: give its images, --hr FOLDER or --lr"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_no_data_set_is_refused_and_nothing_is_written(fault: str, photos: Path, project: Path) -> None:
    write_png(photos.parent / "alone.png", np.zeros((9, 9, 3), np.uint8))
    places, use, said = FAULTS[fault]
    lr = places(photos)
    with pytest.raises(ResoluteError, match=said):
        record("phone", lr=lr, use=use)
    assert not list((project / "data").rglob("*.*"))


@pytest.fixture
def phone(checkout: Path) -> Iterator[dict[str, Any]]:
    """A checkout with two LR images at x4, tested beside `embedded` at x2 and x4: its params, not yet written."""
    for seed, name in enumerate(("door", "tree")):
        pixels = np.random.default_rng(seed).integers(0, 255, (24, 20 + seed, 3), dtype=np.uint8)
        write_png(checkout / f"photos/{name}.png", pixels)
    record("phone", lr={4: checkout / "photos"})
    settings = presets.resolve("quick")
    settings["scales"] = [2, 4]
    settings["data"]["sets"].append("phone")
    settings["data"]["test"].append("phone")
    settings["data"]["splits"]["phone"] = ["test"]
    yield settings
    forget()


def test_it_is_evaluated_at_its_scales_alone_and_shown_where_nothing_needs_an_original(phone: dict[str, Any]) -> None:
    compared = {"dataset": "phone", "image": "door", "scale": 4}
    phone["figures"]["comparisons"]["door"] = {**compared, "crop": "auto"}  # and no word of it in evaluate.keep
    phone["figures"]["settings"]["door"] = {**compared, "methods": ["wbsr_tiny"]}
    params.check(phone, "params.yaml")
    tested = {(run.scale, dataset) for run, dataset in jobs.evaluations(phone)}
    assert tested == {(2, "embedded"), (4, "embedded"), (4, "phone")}
    found = jobs.derive(phone)
    assert {name for name in found["reductions"]["all"] if "phone" in name} == {"phone-x4"}
    assert "door-wbsr_tiny-x4-seed0" in found["maps"]["all"]
    for kind in ("curves", "classes"):
        assert not [name for name in found[kind]["all"] if "phone" in name]
    phone["data"]["test"] = ["phone"]
    phone["figures"] |= {"comparisons": {}, "settings": {}, "gains": {}}
    found = jobs.derive(phone)
    assert {job["scale"] for job in found["routings"]["trained"].values()} == {4}
    assert found["shares"]["all"] == {}


REFUSED: dict[str, tuple[Change, str]] = {
    "no scale of its own": (
        lambda settings: settings.update(scales=[2], figures={**settings["figures"], "comparisons": {}}),
        "phone came with LR images for x4, not for x2: record some",
    ),
    "training": (lambda settings: settings["data"].update(train=["phone"]), "phone is for testing and must not be"),
    "patches": (
        lambda settings: settings["figures"]["photographs"].update(door={"dataset": "phone", "scale": 4}),
        "phone is for testing and must not be trained on",
    ),
    "gains": (
        lambda settings: settings["figures"]["gains"]["wbsr"].update(dataset="phone"),
        r"figures\.gains\.wbsr: phone has LR images alone, which nothing gains on: take",
    ),
    "a comparison at another scale": (
        lambda settings: settings["figures"]["comparisons"]["coffee"].update(dataset="phone", scale=2),
        "phone came with LR images for x4, not for x2",
    ),
    "a comparison of what is not tested": (
        lambda settings: (
            settings["data"].update(test=["embedded"]),
            settings["figures"]["comparisons"]["coffee"].update(dataset="phone"),
        ),
        r"figures\.comparisons\.coffee: data\.test lacks phone",
    ),
    "operating points at another scale": (
        lambda settings: settings["figures"]["settings"]["coffee"].update(dataset="phone", scale=2),
        "phone came with LR images for x4, not for x2",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_params_that_need_what_it_lacks_are_one_line(case: str, phone: dict[str, Any]) -> None:
    change, said = REFUSED[case]
    params.check(phone, "params.yaml")
    change(phone)
    with pytest.raises(ResoluteError, match=said):
        params.check(phone, "params.yaml")


def test_it_is_upscaled_as_upscale_does_without_a_score(phone: dict[str, Any], checkout: Path) -> None:
    Path("params.yaml").write_text(yaml.safe_dump(phone))
    run = Run("bicubic", 4.0, "published-matlab")
    said = command("evaluate", "bicubic", "--dataset", "phone")
    archive = layout.sr_images(run, "phone")
    assert said.splitlines()[1:] == [
        layout.relative(archive),
        f"  no scores, for phone has no originals: its SR images are kept in {layout.relative(archive)}",
    ]
    for name in ("door", "tree"):  # whatever evaluate.keep has
        command("upscale", f"photos/{name}.png", f"{name}.png", "--method", "bicubic")
        assert np.array_equal(unzip_image(archive, name), read_image(checkout / f"{name}.png"))
    rows = measurements.read(layout.quality(run, "phone"))
    assert dict(zip(rows["image"], rows["value"], strict=True)) == {"door": 96 * 80, "tree": 96 * 84}
    assert set(rows["metric"]) == {"sr_pixels"}
    found = json.loads(command("evaluate", "bicubic", "--dataset", "phone", "--json"))
    assert found["protocols"] == {} and [image["image"] for image in found["images"]] == ["door", "tree"]
    phone["data"]["test"] = ["embedded"]
    Path("params.yaml").write_text(yaml.safe_dump(phone))
    assert "SR images are kept where params.yaml calls for this run" in command(
        "evaluate", "bicubic", "--dataset", "phone"
    )
    (listed,) = [line for line in command("list", "datasets").splitlines() if "phone" in line]
    assert listed.split() == ["phone", "phone", "given", "yes"]


def test_what_a_dynamic_method_took_and_chose_needs_no_original(phone: dict[str, Any], checkout: Path) -> None:
    weights.save_weights(checkout / "mine.safetensors", methods.build("seemore_t", 4).state_dict(), {})
    ensure_images("phone", 4)
    rows = evaluate(find_run("seemore_t", 4, str(checkout / "mine.safetensors")), "phone", ["y_basicsr"])
    assert {row["image"] for row in rows} == {"door", "tree"}
    assert {row["metric"] for row in rows if not row.get("place")} == {"sr_pixels", "macs", "macs_full", "difficulty"}
    found = summarise(rows)
    assert [len(image["chosen"]) for image in found["images"]] == [6, 6]
    assert found["macs"] == np.mean([image["macs"] for image in found["images"]]) > 0


def test_what_it_will_take_is_told_by_its_own_images(phone: dict[str, Any], checkout: Path) -> None:
    sizes = [path.stat().st_size for path in sorted((checkout / "photos").iterdir())]
    assert [size for _, size in _source_files(datasets.entry("phone"), phone)] == sizes
    _lr_pixels.cache_clear()
    assert _lr_pixels("phone", 4) == sum(sizes) / 0.5 / 3
    fetch_dataset("phone")
    _lr_pixels.cache_clear()
    assert _lr_pixels("phone", 4) == 24 * 20 + 24 * 21
    _lr_pixels.cache_clear()

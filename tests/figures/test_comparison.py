"""Methods compared on one image: where the crop is, and what is written of it."""

import base64
import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from PIL import Image

from resolute import measurements
from resolute.core import layout
from resolute.core.errors import ResoluteError
from resolute.core.layout import FIGURE_FORMATS, Run, Span, Weights
from resolute.core.provenance import file_sha256
from resolute.figures import Comparison, Crop, draw_comparison, draw_training
from resolute.figures.crops import SIDE, choose_crop, data_uri, error_map
from resolute.figures.training import POINTS, thinned, training_curve
from resolute.images.files import write_png
from resolute.images.zipped import zip_images
from resolute.pages.handed import figure_data

Write = Callable[..., Path]
HEIGHT, WIDTH = 200, 240
HOSTILE = "<script>$x^2$ & \"'" + "n" * 200


@pytest.fixture
def comparison(project: Path) -> Comparison:
    """Two runs on one image, which differ in its lower right corner."""
    hr = np.full((HEIGHT, WIDTH, 3), 100, np.uint8)
    write_png(project / "photo.png", hr)
    archives = {}
    for method, level in (("bicubic", 90), ("rlfn_tiny", 140)):
        sr = hr.copy()
        sr[-40:, -40:] = level
        archives[Run(method, 4.0, "tag")] = project / f"{method}.zip"
        zip_images(project / f"{method}.zip", {"photo": sr})
    return Comparison("mine", "embedded", "photo", 4.0, project / "photo.png", archives)


def test_the_crop_is_where_the_methods_differ_most() -> None:
    random = np.random.default_rng(0)
    images = [np.full((300, 400, 3), 100, np.uint8) for _ in range(3)]
    for image in images:
        image[100:228, 37:165] = random.integers(0, 256, (SIDE, SIDE, 3))
    crop = choose_crop(images)
    assert (crop.width, crop.height) == (SIDE, SIDE)
    assert abs(crop.left - 37) <= 1
    assert abs(crop.top - 100) <= 1


@pytest.mark.parametrize("shape", [(SIDE, SIDE), (20, 300), (129, 127), (300, 20)])
def test_a_crop_lies_inside(shape: tuple[int, int]) -> None:
    random = np.random.default_rng(0)
    images = [random.integers(0, 256, (*shape, 3), dtype=np.uint8) for _ in range(2)]
    crop = choose_crop(images)
    assert crop.of(images[0]).shape[:2] == (crop.height, crop.width) == (min(SIDE, shape[0]), min(SIDE, shape[1]))


def test_no_error_is_black_and_a_large_one_is_bright() -> None:
    hr = np.full((2, 2, 3), 100, np.uint8)
    assert error_map(hr, hr).max() < 10
    assert error_map(np.full_like(hr, 255), hr).min() > 150


def test_an_image_in_a_page_is_exact() -> None:
    image = np.random.default_rng(0).integers(0, 256, (16, 16, 3), dtype=np.uint8)
    _, _, encoded = data_uri(image).partition("base64,")
    assert (np.asarray(Image.open(io.BytesIO(base64.b64decode(encoded))).convert("RGB")) == image).all()


@pytest.mark.slow
def test_a_comparison_is_written_in_every_form_always_the_same(comparison: Comparison, write: Write) -> None:
    rows = [write("rlfn_tiny", 28.5, "tag")]
    draw_comparison(replace(comparison, dataset=HOSTILE), rows, "y_basicsr")
    first = {path.name: path.read_bytes() for path in layout.figures().iterdir()}
    assert set(first) == {f"comparison_mine.{form}" for form in (*FIGURE_FORMATS, "json")}
    draw_comparison(replace(comparison, dataset=HOSTILE), rows, "y_basicsr")
    assert {path.name: path.read_bytes() for path in layout.figures().iterdir()} == first


def test_the_data_say_what_is_shown(comparison: Comparison, project: Path) -> None:
    draw_comparison(replace(comparison, crop=Crop(8, 4, 16, 12)), [], "y_basicsr")
    data = json.loads((layout.figures() / "comparison_mine.json").read_text())
    assert data["crop"] == [8, 4, 16, 12]
    assert data["size"] == [WIDTH, HEIGHT]
    assert [view["method"] for view in data["views"]] == ["bicubic", "rlfn_tiny"]
    assert data["subject"] == "photo (photographs inside scikit-image, x4)"


def test_without_an_original_methods_stand_beside_the_lr_image(comparison: Comparison, project: Path) -> None:
    lr = np.random.default_rng(0).integers(0, 256, (HEIGHT // 4, WIDTH // 4, 3), dtype=np.uint8)
    write_png(project / "lr.png", lr)
    alone = replace(comparison, file=project / "lr.png", has_original=False, crop=Crop(8, 4, 16, 12))
    drawn: list[tuple[Figure, str]] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("resolute.figures.make.save", lambda _, __, figure, caption: drawn.append((figure, caption)))
        draw_comparison(alone, [], "y_basicsr")
    ((figure, caption),) = drawn
    titles = [axes.get_title("left") for axes in figure.axes if axes.get_title("left")]
    assert titles[1:] == ["LR image", "Bicubic", "RLFN tiny"]
    assert len(figure.axes) == 1 + 3  # no errors, and no colours of any
    assert caption.endswith("without smoothing. There is no original.")
    data = json.loads((layout.figures() / "comparison_mine.json").read_text())
    assert (data["protocol"], data["size"]) == ("", [WIDTH, HEIGHT])
    assert "original" not in data and not any("error" in view for view in data["views"])
    shown = np.asarray(Image.open(io.BytesIO(base64.b64decode(data["lr"].partition("base64,")[2]))).convert("RGB"))
    assert (shown == np.repeat(np.repeat(lr, 4, axis=0), 4, axis=1)[4:16, 8:24]).all()
    figure_data(layout.figures() / "comparison_mine.json")
    with pytest.raises(ResoluteError, match="its 'photo' is 240x200, not 180x150"):
        draw_comparison(replace(alone, scale=3.0), [], "y_basicsr")


def test_a_crop_outside_of_the_image_is_one_clear_line(comparison: Comparison) -> None:
    with pytest.raises(
        ResoluteError, match=r"figures\.comparisons\.mine\.crop: \[200, 0, 100, 10\] is no part of photo"
    ):
        draw_comparison(replace(comparison, crop=Crop(200, 0, 100, 10)), [], "y_basicsr")


def test_images_of_another_run_than_was_measured_are_one_clear_line(comparison: Comparison, project: Path) -> None:
    (run, path), *_ = comparison.archives.items()
    measured = layout.quality(run, "embedded")
    row = {"source": "measured", "method": run.method, "weights": run.weights, "dataset": "embedded", "scale": 4.0}
    psnr = {**row, "image": "photo", "protocol": "y_basicsr", "metric": "psnr", "value": 30.0}
    measurements.write(measured, [psnr], images_sha256=file_sha256(path))
    draw_comparison(comparison, [measured], "y_basicsr")
    zip_images(path, {"photo": np.zeros((HEIGHT, WIDTH, 3), np.uint8)})
    with pytest.raises(ResoluteError, match=r"bicubic\.zip does not hold the images that .*embedded\.parquet measured"):
        draw_comparison(comparison, [measured], "y_basicsr")


def test_an_image_that_was_not_kept_is_one_clear_line(comparison: Comparison) -> None:
    with pytest.raises(ResoluteError, match=r"no image 'other': name it in evaluate\.keep"):
        draw_comparison(replace(comparison, image="other"), [], "y_basicsr")


def test_a_training_is_drawn_from_its_log(project: Path) -> None:
    trained = Weights("rlfn_tiny", Span.at(4.0), "quick-seed0")
    with pytest.raises(ResoluteError, match="run `resolute train rlfn_tiny`"):
        draw_training("mine", trained, 1000)
    path = layout.training_log(trained)
    path.parent.mkdir(parents=True)
    log = pd.DataFrame({"step": range(1, 1001), "loss": np.linspace(0.1, 0.01, 1000)})
    log["seconds"], log["cpu_joules"], log["gpu_joules"] = 0.5 * log["step"], np.nan, 2.0 * log["step"]
    log.to_csv(path)
    draw_training("mine", trained, 1000)
    assert {path.suffix[1:] for path in layout.figures().iterdir()} == {*FIGURE_FORMATS, "json"}
    data = json.loads((layout.figures() / "training_mine.json").read_text())
    assert data["title"] == "RLFN tiny, x4, quick-seed0"
    assert len(data["step"]) == len(data["loss"]) == POINTS
    assert data["step"][0] == 3.0  # the mean of the steps 1 to 5
    assert not {"seconds", "cpu_joules", "gpu_joules"} & set(data)  # equal trainings have equal figures
    for damaged in (
        b"",
        b"step,loss\n",
        b"step,loss\n1,nan\n",
        b"step,loss\n1,much\n",
        b"step,loss\n1,\xff\n",
        b"a,b\n1,2\n",
        b"step,loss\n500,0.1\n",  # cut at a line's end
    ):
        path.write_bytes(damaged)
        with pytest.raises(ResoluteError, match=r"quick-seed0\.csv is damaged .*: remove it, and `snakemake"):
            draw_training("mine", trained, 1000)


@pytest.mark.parametrize(("least", "scale"), [(0.01, "log"), (-0.01, "linear")])
def test_losses_that_are_not_all_positive_are_shown_whole(least: float, scale: str) -> None:
    log = pd.DataFrame({"step": np.arange(50), "loss": np.linspace(0.1, least, 50)})
    figure, caption = training_curve(log, "mine")
    assert figure.axes[0].get_yscale() == scale
    assert f"({scale}" in caption
    assert figure.axes[0].get_ylim()[0] < least
    plt.close(figure)


@pytest.mark.parametrize("length", [1, POINTS, POINTS + 1, 12345])
def test_a_thinned_log_is_short_and_loses_nothing(length: int) -> None:
    log = pd.DataFrame({"step": np.arange(length), "loss": np.ones(length)})
    thin = thinned(log)
    assert len(thin) <= POINTS
    assert (thin["loss"] == 1).all()
    assert thin["step"].is_monotonic_increasing

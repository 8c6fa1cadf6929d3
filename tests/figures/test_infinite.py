"""Images that equal their originals: an infinite PSNR is no number in any figure."""

import json
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from resolute import measurements
from resolute.core.errors import ResoluteError
from resolute.core.layout import Run
from resolute.figures import Comparison, draw_comparison, draw_tradeoff
from resolute.images.files import write_png
from resolute.images.zipped import zip_images

Write = Callable[..., Path]


@pytest.mark.slow
def test_the_tradeoff_leaves_infinite_psnrs_out(write: Write) -> None:
    files = [write("rlfn_tiny", 28.5, "quick-seed0", macs=2e9), write("imdn_tiny", float("inf"), "quick-seed0", 1e9)]
    draw_tradeoff(files, "y_basicsr")
    words = " ".join(ElementTree.parse("reports/figures/psnr_macs.svg").getroot().itertext())
    assert "RLFN tiny" in words
    assert "IMDN tiny" not in words


@pytest.fixture
def compared(project: Path) -> Comparison:
    """One run whose image equals the original, and one whose does not."""
    hr = np.full((20, 24, 3), 100, np.uint8)
    write_png(project / "photo.png", hr)
    runs = {Run("bicubic", 4.0, "tag"): hr, Run("rlfn_tiny", 4.0, "tag"): hr + 1}
    archives = {run: project / f"reports/sr/{run.method}.zip" for run in runs}
    for run, path in archives.items():
        zip_images(path, {"photo": runs[run]})
    return Comparison("mine", "embedded", "photo", 4.0, project / "photo.png", archives)


def test_a_comparison_says_that_images_are_equal(compared: Comparison, project: Path) -> None:
    row = {"weights": "tag", "dataset": "embedded", "scale": 4.0, "protocol": "y_basicsr", "image": "photo"}
    rows = [
        {**row, "method": "bicubic", "metric": "psnr", "value": float("inf")},
        {**row, "method": "rlfn_tiny", "metric": "psnr", "value": 48.13},
    ]
    measurements.write(project / "reports/measurements/all.parquet", rows)
    draw_comparison(compared, [project / "reports/measurements/all.parquet"], "y_basicsr")
    text = Path("reports/figures/comparison_mine.json").read_text()
    views = json.loads(text, parse_constant=pytest.fail)["views"]
    assert [(view["psnr"], view["equal"]) for view in views] == [(None, True), (48.13, False)]
    assert "equal" in Path("reports/figures/comparison_mine.svg").read_text()


def test_an_image_of_another_size_names_its_archive(compared: Comparison) -> None:
    path = compared.archives[Run("rlfn_tiny", 4.0, "tag")]
    zip_images(path, {"photo": np.zeros((8, 8, 3), np.uint8)})
    with pytest.raises(ResoluteError, match=r"rlfn_tiny\.zip is damaged .*its 'photo' is 8x8, not 24x20.*: remove it"):
        draw_comparison(compared, [], "y_basicsr")

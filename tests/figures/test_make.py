import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from resolute.core.errors import ResoluteError
from resolute.core.layout import FIGURE_FORMATS
from resolute.figures import Photograph, draw_patches, draw_tradeoff
from resolute.figures.difficulty import category_map

Write = Callable[..., Path]

HOSTILE = "<script>$x^2$ & \"'" + "n" * 200


@pytest.fixture
def arguments(write: Write, patches: Path, photograph: Path) -> dict[str, Any]:
    measured = [
        write("rlfn_tiny", 28.5, "quick-seed0", macs=2e9),
        write("rlfn_team04", 29.5, "published-ntire2022", macs=19.7e9),
        write("bicubic", 27.0, "published-matlab"),
    ]
    shown = Photograph("embedded", "photo", photograph, patches)
    return {"measured": measured, "protocol": "y_basicsr", "photograph": shown}


TITLES = {
    "psnr_macs": "PSNR against MACs",
    "psnr_params": "PSNR against parameters",
    "psnr_latency": "PSNR against latency",
    "patch_categories_photo": "Patch categories on a photograph",
    "patch_difficulty_photo": "Difficulty of patches",
    "patch_scores_photo": "What patches are told by",
}


def draw(measured: list[Path], protocol: str, photograph: Photograph) -> None:
    draw_tradeoff(measured, protocol)
    draw_patches(photograph)


def written() -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in Path("reports/figures").iterdir()}


@pytest.mark.slow
def test_equal_data_make_equal_bytes(arguments: dict[str, Any]) -> None:
    draw(**arguments)
    first = written()
    drawn = {f"{name}.{form}" for name in TITLES for form in FIGURE_FORMATS}
    assert set(first) == {*drawn, "patch_difficulty_photo.json"}
    draw(**arguments)
    assert written() == first


@pytest.mark.slow
def test_figures_carry_their_captions(arguments: dict[str, Any]) -> None:
    draw(**arguments)
    for name, title in TITLES.items():
        root = ElementTree.parse(f"reports/figures/{name}.svg").getroot()
        caption = root.findtext(".//{http://purl.org/dc/elements/1.1/}description", "")
        assert root.findtext(".//{http://purl.org/dc/elements/1.1/}title") == title
        assert len(caption) > 50
        with Image.open(f"reports/figures/{name}.png") as image:
            assert image.info["Description"] == caption
            assert not {"Software", "Creation Time"} & set(image.info)
        pdf = Path(f"reports/figures/{name}.pdf").read_bytes()
        assert b"/Title (" in pdf
        assert not any(key in pdf for key in (b"/CreationDate", b"/Producer", b"/Creator "))


def test_the_tradeoff_says_what_it_shows(arguments: dict[str, Any]) -> None:
    draw_tradeoff(arguments["measured"], arguments["protocol"])
    text = " ".join(ElementTree.parse("reports/figures/psnr_macs.svg").getroot().itertext())
    for part in (
        "RLFN tiny",
        "MACs (G)",
        "PSNR (dB)",
        "Pareto front",
        "bicubic",
        "trained here",
        "published weights",
    ):
        assert part in text
    assert "256 x 256 LR image" in text


@pytest.mark.slow
def test_hostile_names_are_names(arguments: dict[str, Any], write: Write) -> None:
    arguments["measured"].append(write(HOSTILE, 29.0, "quick-seed0", macs=5e9, dataset=HOSTILE))
    arguments["photograph"] = replace(arguments["photograph"], dataset=HOSTILE)
    draw(**arguments)
    root = ElementTree.parse("reports/figures/psnr_macs.svg").getroot()
    assert any(text and HOSTILE[:30] in text for text in root.itertext())
    assert not any(element.tag.endswith("script") for element in root.iter())
    with Image.open("reports/figures/psnr_macs.png") as image:
        assert image.width < 1300  # a long name leaves the figure its size


def test_an_image_that_is_not_in_the_index_is_one_clear_line(arguments: dict[str, Any]) -> None:
    with pytest.raises(ResoluteError, match="the patch index has no image 'other': it has photo"):
        draw_patches(replace(arguments["photograph"], name="other"))
    assert not Path("reports/figures").exists()


def test_an_absent_index_is_one_clear_line(arguments: dict[str, Any]) -> None:
    absent = Path("data/patches/none.parquet").absolute()
    with pytest.raises(ResoluteError, match=r"none\.parquet is not there: run `resolute patches embedded"):
        draw_patches(replace(arguments["photograph"], patches=absent))


def test_the_histogram_holds_every_patch(arguments: dict[str, Any]) -> None:
    draw_patches(arguments["photograph"])
    data = json.loads(Path("reports/figures/patch_difficulty_photo.json").read_text())
    assert [sum(counts) for counts in data["counts"]] == [12, 12, 12, 12]
    assert len(data["edges"]) == len(data["counts"][0]) + 1
    assert data["edges"][-1] == pytest.approx(1000)  # the hardest patch


def test_overlapping_patches_show_their_mean_category() -> None:
    patches = pd.DataFrame({"row": [0, 0], "column": [0, 1], "size": [2, 2], "category": [2, 6]})
    found = category_map(patches, height=3, width=4)
    expected = np.ma.masked_equal([[2, 4, 6, 0], [2, 4, 6, 0], [0, 0, 0, 0]], 0)
    assert np.ma.allequal(found, expected)
    assert (found.mask == expected.mask).all()

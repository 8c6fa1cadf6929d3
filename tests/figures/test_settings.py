"""A method's settings on an image: what is drawn and handed to the page is what was measured."""

import base64
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from resolute import measurements, registry
from resolute.core import layout
from resolute.core.errors import ResoluteError
from resolute.core.layout import FIGURE_FORMATS, Run
from resolute.figures import Shown, draw_settings
from resolute.figures.operating import operating_points
from resolute.figures.settings import maps
from resolute.images.files import write_png
from resolute.images.zipped import zip_images
from resolute.pages.handed import figure_data

RUN = Run("arm_tiny", 4.0, "quick-seed0")
ENTRY = registry.entry(RUN.method)
PROTOCOL = "y_basicsr"
LR = (9, 12)


def macs(number: int) -> float:
    """What the image costs at a setting: the settings stand in no order of cost."""
    return 10e9 + (number * 7 % len(ENTRY.settings)) * 1e9


@pytest.fixture
def shown(project: Path) -> Shown:
    """A photograph whose left half takes another expert than its right half, at every setting other ones."""
    described: dict[str, Any] = {
        "source": "measured",
        "method": RUN.method,
        "weights": RUN.weights,
        "dataset": "embedded",
    }
    described |= {"scale": RUN.scale, "image": "photo"}
    points: list[dict[str, Any]] = [
        {
            **described,
            "setting": ENTRY.setting(),
            "metric": f"macs_{expert}",
            "protocol": "macs",
            "value": 10e9 * number,
        }
        for number, expert in enumerate(ENTRY.experts)
    ]
    quality, maps = [], {}
    for number, setting in enumerate(ENTRY.settings):
        row = {**described, "setting": setting}
        points.append({**row, "metric": "seconds", "value": 0.25 + number, "unit": "s", "device": "A CPU"})
        quality.append({**row, "metric": "psnr", "protocol": PROTOCOL, "value": 30.0 + number, "unit": "dB"})
        quality.append({**row, "metric": "psnr", "protocol": PROTOCOL, "value": 1.0, "image": "other"})
        quality.append({**row, "metric": "macs", "protocol": "macs", "value": macs(number)})
        quality.append({**row, "metric": f"chosen_{ENTRY.experts[0]}", "place": "patches", "value": 3.0})
        quality.append({**row, "metric": f"chosen_{ENTRY.experts[0]}", "place": "border", "value": 2.0})
        routes = np.zeros(LR, np.uint8)
        routes[:, LR[1] // 2 :] = number % len(ENTRY.experts)
        maps[f"{setting}/photo"] = routes
    measurements.write(project / "points.parquet", points, device="A CPU", threads=2, precision="float32")
    measurements.write(project / "quality.parquet", quality)
    zip_images(project / "routes.zip", maps)
    write_png(project / "photo.png", np.full((LR[0] * 4, LR[1] * 4, 3), 90, np.uint8))
    points_file, quality_file = (project / f"{name}.parquet" for name in ("points", "quality"))
    return Shown(RUN, "embedded", "photo", project / "photo.png", points_file, project / "routes.zip", quality_file)


def test_settings_come_by_cost_each_with_its_own_numbers(shown: Shown) -> None:
    experts, points = operating_points(shown, PROTOCOL)
    assert list(experts.macs) == [10e9 * number for number in range(len(ENTRY.experts))]
    assert [point.macs for point in points] == sorted(macs(number) for number in range(len(ENTRY.settings)))
    for point in points:
        number = ENTRY.settings.index(point.setting)
        assert (point.psnr, point.macs, point.seconds) == (30 + number, macs(number), 0.25 + number)
        assert point.chosen == [5] + [0] * (len(ENTRY.experts) - 1)
        assert point.routes.shape == LR
        assert np.unique(point.routes[:, 6:]).tolist() == [number % len(ENTRY.experts)]


def test_maps_of_sr_pixels_are_shown_as_those_of_lr_pixels(shown: Shown) -> None:
    enlarged = np.repeat(np.repeat(np.eye(*LR, dtype=np.uint8), 4, axis=0), 4, axis=1)
    zip_images(shown.routes, {f"{setting}/photo": enlarged for setting in ENTRY.settings})
    experts, points = operating_points(shown, PROTOCOL)
    assert all((point.routes == enlarged).all() for point in points)
    figure = maps(np.full((36, 48, 3), 90, np.uint8), experts, points)
    assert len(figure.axes) >= len(points) + 1


@pytest.mark.slow
def test_the_figure_is_written_in_every_form_always_the_same(shown: Shown) -> None:
    draw_settings("a", shown, PROTOCOL)
    first = {path.name: path.read_bytes() for path in layout.figures().iterdir()}
    assert set(first) == {f"settings_a.{form}" for form in (*FIGURE_FORMATS, "json")}
    draw_settings("a", shown, PROTOCOL)
    assert {path.name: path.read_bytes() for path in layout.figures().iterdir()} == first


def test_the_page_gets_maps_in_the_experts_colours(shown: Shown) -> None:
    draw_settings("a", shown, PROTOCOL)
    data = json.loads((layout.figures() / "settings_a.json").read_text())
    assert data["default"] == ENTRY.setting()
    assert data["timing"] == "A CPU, 2 threads, float32"
    colours = [expert["colour"] for expert in data["experts"]]
    assert len(set(colours)) == len(ENTRY.experts)
    for point in data["points"]:
        pixels = np.asarray(Image.open(io.BytesIO(base64.b64decode(point["map"].partition(",")[2]))).convert("RGB"))
        number = ENTRY.settings.index(point["setting"]) % len(ENTRY.experts)
        assert f"#{bytes(pixels[0, -1]).hex()}" == colours[number]
        assert point["share"] == pytest.approx(point["macs"] / (10e9 * (len(ENTRY.experts) - 1)))


def test_an_infinite_psnr_is_none(shown: Shown) -> None:
    rows = measurements.read(shown.quality)
    rows.loc[rows["metric"] == "psnr", "value"] = np.inf
    measurements.write(shown.quality, rows.to_dict("records"))  # type: ignore[arg-type]
    assert {point.psnr for point in operating_points(shown, PROTOCOL)[1]} == {None}


def test_without_an_original_there_is_no_psnr(shown: Shown, project: Path) -> None:
    rows = measurements.read(shown.quality)
    measurements.write(shown.quality, rows[rows["metric"] != "psnr"].to_dict("records"))  # type: ignore[arg-type]
    write_png(project / "lr.png", np.full((*LR, 3), 90, np.uint8))
    draw_settings("a", replace(shown, file=project / "lr.png", has_original=False), PROTOCOL)
    data = figure_data(layout.figures() / "settings_a.json")
    assert (data["protocol"], data["size"]) == ("", [LR[1], LR[0]])
    assert {point["psnr"] for point in data["points"]} == {None}
    assert "PSNR" not in (layout.figures() / "settings_a.svg").read_text()


def test_what_is_lacking_or_impossible_is_one_line(shown: Shown, project: Path) -> None:
    with pytest.raises(ResoluteError, match=r"points\.parquet .*it has no macs_.* of the image"):
        operating_points(replace(shown, image="tea"), PROTOCOL)
    with pytest.raises(ResoluteError, match=r"quality\.parquet .*it has no psnr of the image at "):
        operating_points(shown, "y_matlab")
    zip_images(project / "routes.zip", {})
    with pytest.raises(ResoluteError, match=r"routes\.zip has no image '.*/photo': remove it"):
        operating_points(shown, PROTOCOL)
    zip_images(project / "routes.zip", {f"{name}/photo": np.full(LR, 200, np.uint8) for name in ENTRY.settings})
    with pytest.raises(ResoluteError, match=r"routes\.zip .*has experts that there are not"):
        operating_points(shown, PROTOCOL)

"""The operating points of a method on an image: what is kept is what the method said."""

from pathlib import Path

import numpy as np
import pytest
import torch

from resolute import datasets, measurements, methods, registry
from resolute.core import layout
from resolute.core.errors import ResoluteError
from resolute.degrade import degrade
from resolute.evaluate import operating_points, write_points
from resolute.evaluate.points import LONGEST, thinned
from resolute.fetch import fetch_dataset
from resolute.images.files import read_image
from resolute.images.zipped import unzip_image
from resolute.methods import weights
from resolute.methods.upscaled import Upscaled
from resolute.metrics.counters import count_macs
from resolute.registry import find_run

pytestmark = pytest.mark.slow


@pytest.fixture
def embedded(checkout: Path) -> Path:
    fetch_dataset("embedded", [4.0], ["test"])
    degrade("embedded", 4.0)
    return checkout


def fresh(path: Path, method: str) -> Path:
    torch.manual_seed(0)
    weights.save_weights(path, methods.build(method, 4).state_dict(), {})
    return path


def test_maps_and_costs_are_what_the_method_says(embedded: Path) -> None:
    path, entry = fresh(embedded / "mine.safetensors", "wbsr_tiny"), registry.entry("wbsr_tiny")
    run = find_run("wbsr_tiny", 4, str(path))
    rows, maps, timing = operating_points(run, "embedded", ["coffee", "chelsea"], runs=1, threads=1)
    kept, archive = write_points(rows, maps, layout.Run("wbsr_tiny", 4, "mine"), "embedded", **timing)
    assert measurements.read_provenance(kept)["threads"] == 1
    found = measurements.read(kept).set_index(["image", "setting", "metric"])["value"]
    lr = next(image.path for image in datasets.lr_images("embedded", "test", 4) if image.name == "coffee")
    for setting in entry.settings:
        assert found["coffee", setting, "seconds"] > 0
        said = methods.upscaler("wbsr_tiny", 4, path, "cpu", setting)(read_image(lr))
        routes = unzip_image(archive, f"{setting}/coffee")
        assert said.routes is not None
        assert (routes == said.routes[..., None]).all()
        if setting in entry.experts:
            assert (routes == entry.experts.index(setting)).all()
            assert found["coffee", entry.settings[0], f"macs_{setting}"] == said.macs
    patches = 4 * 6  # 100 x 150 LR pixels in patches of 32 at a stride of 28, and a border at the right and below
    full = count_macs(lambda: methods.build("wbsr_tiny", 4), 32, 32)
    assert found["coffee", entry.settings[0], "macs_w16d8"] == patches * full
    assert len(found) == 2 * (len(entry.settings) + len(entry.experts))


def test_an_image_that_there_is_not_is_one_line(embedded: Path) -> None:
    run = find_run("wbsr_tiny", 4, str(fresh(embedded / "mine.safetensors", "wbsr_tiny")))
    with pytest.raises(ResoluteError, match=r"figures\.settings: embedded has no test image 'tea': it has astronaut"):
        operating_points(run, "embedded", ["tea"], runs=1)


def test_a_method_that_tells_no_places_is_one_line(embedded: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = find_run("wbsr_tiny", 4, str(fresh(embedded / "mine.safetensors", "wbsr_tiny")))
    said = Upscaled(np.zeros((4, 4, 3), np.float32))
    monkeypatch.setattr(methods, "upscaler", lambda *_: lambda _lr: said)
    with pytest.raises(ResoluteError, match="wbsr_tiny does not say which expert a pixel took"):
        operating_points(run, "embedded", ["coffee"], runs=1)


def test_a_map_is_kept_whole_up_to_a_size_and_thinned_beyond_it() -> None:
    routes = np.arange(LONGEST * 2, dtype=np.uint16)[None].repeat(3, 0)
    assert (thinned(routes[:, :LONGEST]) == routes[:, :LONGEST]).all()
    assert (thinned(routes) == routes[::2, ::2]).all()
    assert max(thinned(routes.repeat(2, 1)[:, : LONGEST * 2 + 1]).shape) <= LONGEST

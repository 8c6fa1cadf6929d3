"""What a run will take, before it begins."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn
from typer.testing import CliRunner

from resolute import params
from resolute.cli import app
from resolute.core import layout
from resolute.estimate import Need, estimate, throughput
from resolute.inference.footprint import peak_bytes
from resolute.params import presets

Quick = Callable[[], dict[str, Need]]


@pytest.fixture
def fixed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine whose speed is known."""
    monkeypatch.setattr(throughput, "start_seconds", lambda: 1.0)
    monkeypatch.setattr(throughput, "step_seconds", lambda *_: 0.5)
    monkeypatch.setattr(throughput, "step_bytes", lambda *_: 1000)
    monkeypatch.setattr("resolute.estimate.needs._upscaling", lambda *_: 1e-6)
    monkeypatch.setattr("resolute.estimate.needs._measuring", lambda *_: 1e-6)
    monkeypatch.setattr("resolute.estimate.needs._pixels", lambda _: 1e6)


@pytest.fixture
def quick(checkout: Path, fixed: None) -> Quick:
    return lambda: {need.stage: need for need in estimate(params.load(), "cpu")}


def touch(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()


def test_what_is_done_is_not_counted_again(quick: Quick) -> None:
    first = quick()
    assert (first["train"].jobs, first["train"].done) == (8, 0)
    # Five of 600 steps and three of 300, as the preset has them, and what each takes to begin.
    steps = 5 * 600 + 3 * 300
    assert first["train"].seconds == 8 + steps * 0.5
    assert first["train"].memory == 1000
    assert first["evaluate"].jobs == 9
    touch(layout.weights(layout.Weights("imdn_tiny", layout.Span.at(4), "quick-seed0")))
    second = quick()["train"]
    assert (second.jobs, second.done, second.seconds) == (7, 1, 7 + (steps - 600) * 0.5)
    begun = layout.checkpoint(layout.Weights("rfdn_tiny", layout.Span.at(4), "quick-seed0"))
    begun.parent.mkdir(parents=True)
    torch.save({"step": 400}, begun)
    assert quick()["train"].seconds == 7 + (steps - 1000) * 0.5


def test_downloads_are_what_is_neither_here_nor_in_the_mirror(
    checkout: Path, fixed: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = presets.resolve("bench")
    (first, *_) = estimate(settings, "cpu")
    assert 50e6 < first.download <= first.disk  # Urban100 alone has 140 MB
    monkeypatch.setenv("RESOLUTE_MIRROR", str(tmp_path))
    from resolute.fetch import mirrored
    from resolute.registry import entry

    file = next(iter(entry("rlfn_team04").published["ntire2022"].files.values()))
    place = mirrored(file.url)
    assert place
    touch(place)
    (second, *_) = estimate(settings, "cpu")
    assert first.download - second.download == file.bytes > 0
    assert second.disk == first.disk


def test_what_nothing_can_be_said_of_is_named(checkout: Path, fixed: None) -> None:
    (fetch, *_) = estimate({**presets.resolve("bench"), "scales": [2]}, "cpu")
    assert not [line for line in fetch.unknown if "set5" in line]

    def fail(*_: object) -> float:
        raise RuntimeError("no such operator")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(throughput, "step_seconds", fail)
        train = {need.stage: need for need in estimate(params.load(), "cpu")}["train"]
    assert train.seconds == 0 and train.unknown[0] == "imdn_tiny: no such operator"


@pytest.mark.slow
def test_the_command_measures_every_method_of_quick(checkout: Path) -> None:
    done = CliRunner().invoke(app, ["estimate", "--json"])
    assert done.exit_code == 0, done.output
    found = {need["stage"]: need for need in json.loads(done.stdout)}
    assert [need["unknown"] for need in found.values()] == [[], [], [], [], []]
    assert 10 < found["train"]["seconds"] < 20_000 and found["evaluate"]["seconds"] > 9
    assert 1e6 < found["train"]["memory"] < 10e9


def test_memory_of_a_training_step_is_what_its_maps_take() -> None:
    """Two convolutions: input, the map between and output; backward adds the gradient of the map between."""
    with torch.device("meta"):
        network = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 3, 3, padding=1))
    pixels = 2 * 64 * 64 * 4
    assert peak_bytes(network, 64, 64, batch=2) == pytest.approx(2 * (3 + 8 + 3) * pixels, rel=0.01)
    assert peak_bytes(network, 64, 64, batch=2, trains=True) == pytest.approx(2 * (3 + 8 + 3 + 8) * pixels, rel=0.15)

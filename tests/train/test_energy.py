"""Energy by counters that a folder or a made-up library stands for."""

import math
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
import torch
from tests.train.test_training import SETTINGS, plan, run

from resolute.core import layout
from resolute.core.errors import ResoluteError
from resolute.train import energy, train
from resolute.train.energy import NOTHING, Counter, Meter, cpu_counters
from resolute.train.loop import Training

RANGE = 262_143_328_850  # microjoules after which a common CPU's counter starts anew


def add_zone(folder: Path, zone: str, name: str, microjoules: object) -> Path:
    """A zone as Linux shows it; returns the file of its counter."""
    path = folder / zone
    path.mkdir()
    (path / "name").write_text(f"{name}\n")
    (path / "max_energy_range_uj").write_text(f"{RANGE}\n")
    (path / "energy_uj").write_text(f"{microjoules}\n")
    return path / "energy_uj"


def advance(counters: list[Counter]) -> float:
    return sum(counter.advance() for counter in counters)


def test_packages_are_added_up_and_their_parts_are_not(tmp_path: Path) -> None:
    first = add_zone(tmp_path, "intel-rapl:0", "package-0", 5_000_000)
    second = add_zone(tmp_path, "intel-rapl:1", "package-1", 7_000_000)
    parts = [
        add_zone(tmp_path, "intel-rapl:0:0", "core", 1_000_000),
        add_zone(tmp_path, "intel-rapl:2", "psys", 1_000_000),
        add_zone(tmp_path, "intel-rapl-mmio:0", "package-0", 5_000_000),
    ]
    counters = cpu_counters(tmp_path)
    first.write_text("5500000\n")
    second.write_text("9000000\n")
    for part in parts:
        part.write_text("99000000\n")
    assert advance(counters) == pytest.approx(2.5)
    assert advance(counters) == 0


def test_a_counter_goes_round(tmp_path: Path) -> None:
    file = add_zone(tmp_path, "intel-rapl:0", "package-0", RANGE - 3_000_000)
    counters = cpu_counters(tmp_path)
    file.write_text("4000000\n")
    assert advance(counters) == pytest.approx(7)


def test_without_a_folder_nothing_is_readable(tmp_path: Path) -> None:
    assert math.isnan(advance(cpu_counters(tmp_path / "none")))


@pytest.mark.parametrize("unreadable", ["energy_uj", "max_energy_range_uj"])
def test_one_package_that_cannot_be_read_makes_the_sum_unreadable(tmp_path: Path, unreadable: str) -> None:
    add_zone(tmp_path, "intel-rapl:0", "package-0", 1)
    file = add_zone(tmp_path, "intel-rapl:1", "package-1", 1).with_name(unreadable)
    file.unlink()
    file.mkdir()  # which root cannot read either
    assert math.isnan(advance(cpu_counters(tmp_path)))


def test_what_was_unreadable_once_stays_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = add_zone(tmp_path, "intel-rapl:0", "package-0", 1_000_000)
    monkeypatch.setattr(energy, "cpu_counters", lambda: cpu_counters(tmp_path))
    meter = Meter(NOTHING, gpus=0)
    for text, readable in (("2000000", True), ("", False), ("3000000", False), ("4000000", False)):
        file.write_text(text)
        assert math.isnan(meter.read()["cpu_joules"]) is not readable
    assert meter.read()["gpu_joules"] == 0
    assert math.isnan(Meter(meter.read(), gpus=0).read()["cpu_joules"])


def test_long_pauses_between_rows_of_the_log_miss_no_round(monkeypatch: pytest.MonkeyPatch) -> None:
    shown, now = iter([10, 60, 30, 5]), [0.0]
    monkeypatch.setattr(energy, "cpu_counters", lambda: [Counter(lambda: next(shown), 65)])
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    meter = Meter(NOTHING, gpus=0)
    for now[0] in (30.0, 61.0, 100.0, 122.0):
        meter.tick()
    assert meter.read()["cpu_joules"] == 50 + 35 + 40


def use_gpus(monkeypatch: pytest.MonkeyPatch, millijoules: dict[str, int]) -> None:
    """GPUs `a`, `b`, `c` as CUDA numbers them, and a library that shows their counters."""
    error = type("NVMLError", (Exception,), {})

    def shown(uuid: str) -> int:
        if uuid not in millijoules:
            raise error
        return millijoules[uuid]

    library = SimpleNamespace(
        NVMLError=error,
        nvmlInit=lambda: None,
        nvmlDeviceGetHandleByUUID=lambda uuid: uuid,
        nvmlDeviceGetTotalEnergyConsumption=shown,
    )
    monkeypatch.setitem(sys.modules, "pynvml", library)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda index: SimpleNamespace(uuid="abc"[index]))


def test_the_gpus_in_use_are_added_up(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = {"GPU-c": 9000, "GPU-b": 2000, "GPU-a": 1000}
    use_gpus(monkeypatch, shown)
    meter = Meter(NOTHING, gpus=2)
    shown.update({"GPU-a": 1500, "GPU-b": 4000, "GPU-c": 99000})
    assert meter.read()["gpu_joules"] == 2.5
    del shown["GPU-b"]
    assert math.isnan(meter.read()["gpu_joules"])


def test_energy_adds_up_over_a_stop_and_leaves_the_weights_alone(packed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = train(run("a-seed0"), 0, plan(), "embedded", SETTINGS, 5).read_bytes()
    layout.weights(run("a-seed0")).unlink()
    shown = iter(range(0, 10_000, 3))  # three joules from one reading to the next
    monkeypatch.setattr(energy, "cpu_counters", lambda: [Counter(lambda: next(shown))])
    training = Training(run("a-seed0"), 0, plan(), "embedded", SETTINGS, 5)
    training.stopped = True
    with pytest.raises(ResoluteError, match="told to stop at step 1"):
        training.finish()
    assert train(run("a-seed0"), 0, plan(), "embedded", SETTINGS, 5).read_bytes() == expected
    log = pd.read_csv(layout.training_times(run("a-seed0")))
    assert log["cpu_joules"].tolist() == [3.0 * row for row in range(1, len(log) + 1)]
    assert (log["gpu_joules"] == 0).all()

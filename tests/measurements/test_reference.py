"""What is kept of a run: its means, with how it was trained, readable as measurements are."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from resolute import measurements
from resolute.core import layout
from resolute.core.errors import ResoluteError
from resolute.measurements.reference import keep

PARAMS = {"preset": "own", "seeds": [0], "train": {"iterations": 7}, "recipes": {}, "figures": {}}


def rows(device: str) -> Iterator[dict[str, Any]]:
    for image, value in (("a", 30.0), ("b", 32.0)):
        yield {
            "source": "measured",
            "method": "pan",
            "weights": "own-seed0",
            "seed": 0,
            "dataset": "set5",
            "scale": 4,
            "image": image,
            "protocol": "y_basicsr",
            "metric": "psnr",
            "value": value,
            "device": device,
        }


def test_means_are_kept_by_device_and_preset_with_the_plan(project: Path) -> None:
    path = project / "reports/measurements/a.parquet"
    measurements.write(path, rows("Some (R) CPU @ 2 GHz"))
    kept = keep([path], PARAMS)
    assert kept == project / "data/reference/some-r-cpu-2-ghz/own.parquet"
    assert layout.reference_files() == [kept]
    found = measurements.read(kept)
    assert found["value"].tolist() == [31.0]
    assert found["image"].tolist() == [""]
    facts = measurements.read_provenance(kept)
    assert (facts["preset"], facts["train"]) == ("own", {"iterations": 7})


@pytest.mark.parametrize("devices", [["a GPU", "a CPU"], [""]])
def test_what_is_kept_is_of_one_device(project: Path, devices: list[str]) -> None:
    path = project / "reports/measurements/a.parquet"
    measurements.write(path, [row for device in devices for row in rows(device)])
    with pytest.raises(ResoluteError, match="what is kept is of one device"):
        keep([path], PARAMS)
    assert not layout.reference_files()

"""Trainings and devices with real Snakemake: `--resources gpu=2` on a machine with two simulated GPUs."""

import subprocess
import sys
from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import pytest
import yaml


@pytest.mark.slow
def test_two_trainings_at_a_time_each_on_its_own_gpu(
    checkout: Path,
    monkeypatch: pytest.MonkeyPatch,
    device_spans: Callable[[], list[tuple[str, float, float]]],
) -> None:
    settings = yaml.safe_load(Path("params.yaml").read_text())
    settings["train"]["iterations"] = 10
    Path("params.yaml").write_text(yaml.safe_dump(settings))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    trainings = [
        f"data/weights/trained/{method}/x4/quick-seed{seed}.safetensors"
        for method, seed in (("imdn_tiny", 0), ("imdn_tiny", 1), ("rlfn_tiny", 0))
    ]
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "--cores", "8", "--resources", "gpu=2", "--", *trainings],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr

    spans = device_spans()
    assert len(spans) == len(trainings)
    assert {device for device, _, _ in spans} == {"0", "1"}
    side_by_side = [(a, b) for a, b in combinations(spans, 2) if a[1] < b[2] and b[1] < a[2]]
    assert side_by_side, f"no two trainings ran at a time: {spans}"
    assert all(a[0] != b[0] for a, b in side_by_side), spans

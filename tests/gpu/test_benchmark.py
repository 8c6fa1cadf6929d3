"""`make gpu` without a GPU: what is packed comes back, what is done is not done again, and a smoke run ends well."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from benchmarks.gpu import runner, store
from benchmarks.gpu.journal import Journal
from benchmarks.gpu.place import ROOT, Setup


def test_images_come_back_as_they_were(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    images = {name: generator.integers(0, 256, (5, 7, 3), dtype=np.uint8) for name in ("lr/b", "hr/a")}
    store.save(tmp_path / "images.zip", images)
    found = store.load(tmp_path / "images.zip")
    assert list(found) == list(images)
    assert all(np.array_equal(found[name], images[name]) for name in images)


def test_the_journal_knows_what_is_left(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    with journal.item("part", "good") as rows:
        rows.append({"method": "pan", "metric": "latency", "value": 1.0})
    with journal.item("part", "bad"):
        raise ValueError("wrong\nin many words")
    journal.path.write_text(journal.path.read_text() + '{"part": "part", "it')  # a kill has cut this line off
    journal.add("part", "killed", "began")
    again = Journal(tmp_path)
    assert [again.is_settled("part", item) for item in ("good", "bad", "killed", "new")] == [True, True, False, False]
    assert [row["value"] for row in again.rows()] == [1.0]
    assert again.failures() == {"part: bad": "ValueError: wrong", "part: killed": "it never ended"}
    again.add("part", "killed", "began")
    assert again.is_settled("part", "killed")


def test_a_part_that_hangs_is_stopped_and_noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    setup = Setup(tmp_path, tmp_path, smoke=True, seconds=0.5)
    popen = subprocess.Popen
    words = [sys.executable, "-c", "import time; time.sleep(600)"]
    monkeypatch.setattr(subprocess, "Popen", lambda _, **options: popen(words, **options))
    monkeypatch.setattr(runner, "_LEAST_S", 0.0)
    monkeypatch.setattr(runner, "PARTS", (runner.Part("machine", 60),))
    assert runner.run(setup) == 1
    assert Journal(tmp_path).failures() == {"machine: all": "it was stopped at its time limit"}


@pytest.mark.slow
@pytest.mark.timeout(3600)  # forty CPU seconds, on a machine that may have other work
def test_a_smoke_run_ends_well_and_is_not_done_again(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "benchmarks.gpu", "run", str(tmp_path), "--smoke", "--minutes", "60"]
    done = subprocess.run(words, cwd=ROOT, env={**os.environ, "OMP_NUM_THREADS": "1"}, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads((tmp_path / "rows.json").read_text())
    values = {(row["metric"], row.get("protocol", "")): row["value"] for row in found["rows"]}
    assert values["check_killed_and_resumed", "bf16"] == 1
    assert 0 < values["killed_at_step", "bf16"] < values["training_steps", "bf16"]
    assert values["psnr_to_fp32", "bf16"] > 30
    assert {metric for metric, _ in values} >= {
        *("copy_bandwidth", "matrix_rate", "latency", "first_call", "peak_memory", "memory_share", "arithmetic_share"),
        *("psnr", "patches_per_s", "data_wait_share", "trained_psnr"),
    }
    assert found["facts"]["failures"] == {}
    before = Journal(tmp_path).lines()
    assert subprocess.run(words, cwd=ROOT, check=False).returncode == 0
    assert Journal(tmp_path).lines() == before

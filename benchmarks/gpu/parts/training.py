"""A real training, twice with the same seed; the second is killed halfway and goes on: both give the same bytes."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import torch

from benchmarks.gpu.forms import BF16
from benchmarks.gpu.journal import Journal, Row
from benchmarks.gpu.parts.quality import mean_psnr
from benchmarks.gpu.pixels import SCALE, TRAINING_SET, tested_pairs
from benchmarks.gpu.place import ROOT, Setup, enter_project
from benchmarks.gpu.training_runs import PATCHES, weights_of
from resolute import methods, registry
from resolute.core import layout
from resolute.core.provenance import file_sha256
from resolute.methods.weights import load_weights

NETWORK = "rlfn_team04"
_LONGEST_S = 115.0  # of one of the two
_STARTS_S = 45.0  # what the processes take beside training
_RATE = 500.0  # patches per second, where none was measured
_CHECKPOINTS = 16


def run(setup: Setup) -> None:
    """Train both, each unless the journal has it."""
    journal = Journal(setup.out)
    enter_project(setup.project)
    training = _Twice(setup, journal)
    for item, measure in (("undisturbed", training.undisturbed), ("killed and resumed", training.killed)):
        if not journal.is_settled("training", item):
            with journal.item("training", item) as rows:
                measure(rows)


class _Twice:
    """One training, two times; what the first gave stays in the project for a run that goes on from there."""

    def __init__(self, setup: Setup, journal: Journal) -> None:
        self.setup, self.method = setup, "rlfn_tiny" if setup.smoke else NETWORK
        self.wanted = weights_of(self.method, "gpu")
        self.first = setup.project / "undisturbed.safetensors"
        planned = setup.project / "iterations"
        if not planned.is_file():
            planned.write_text(str(48 if setup.smoke else _iterations(journal, setup.seconds)))
        self.iterations = int(planned.read_text())

    def undisturbed(self, rows: list[Row]) -> None:
        self._clear()
        began = time.monotonic()
        _wait(self._start())
        seconds = time.monotonic() - began
        layout.weights(self.wanted).rename(self.first)
        self._add(rows, "training_steps", self.iterations)
        self._add(rows, "training_time", seconds, "s")
        trained = methods.build(self.method, SCALE).eval()
        load_weights(trained, self.first)
        data_range = registry.entry(self.method).data_range
        for dataset, pairs in tested_pairs(self.setup):
            psnr = mean_psnr(trained.to(self.setup.device), pairs, data_range, self.setup.device)
            rows.append({"method": self.method, "scale": SCALE, "training_data": TRAINING_SET, "dataset": dataset})
            rows[-1] |= {"protocol": BF16, "metric": "trained_psnr", "value": psnr, "unit": "dB"}

    def killed(self, rows: list[Row]) -> None:
        if not self.first.is_file():
            raise FileNotFoundError("there is no undisturbed training to compare with")
        self._clear()
        process, checkpoint = self._start(), layout.checkpoint(self.wanted)
        while process.poll() is None and _step(checkpoint) < self.iterations // 2:
            time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
        if process.wait() != -signal.SIGKILL:
            raise RuntimeError("the training ended before it could be killed")
        self._add(rows, "killed_at_step", _step(checkpoint))
        _wait(self._start())
        same = file_sha256(layout.weights(self.wanted)) == file_sha256(self.first)
        self._add(rows, "check_killed_and_resumed", same)
        if not same:
            raise ValueError("the weights are not those of the training that was left alone")

    def _clear(self) -> None:
        """Leave nothing of a try that did not come to its end."""
        for path in (layout.checkpoint(self.wanted), layout.weights(self.wanted)):
            path.unlink(missing_ok=True)

    def _add(self, rows: list[Row], metric: str, value: float, unit: str = "") -> None:
        described = {"method": self.method, "scale": SCALE, "training_data": TRAINING_SET, "protocol": BF16}
        rows.append({**described, "metric": metric, "value": float(value), "unit": unit})

    def _start(self) -> subprocess.Popen[bytes]:
        every = max(1, self.iterations // _CHECKPOINTS)
        words = [sys.executable, "-m", "benchmarks.gpu", "train", str(self.setup.out), self.method]
        words += [str(self.iterations), str(every), "--pack", str(self.setup.pack)]
        return subprocess.Popen([*words, *(["--smoke"] if self.setup.smoke else [])], cwd=ROOT)


def _iterations(journal: Journal, seconds: float) -> int:
    """Steps that take two minutes, or half of the time that is left, by the rate that was measured."""
    found = [
        row["value"]
        for row in journal.rows()
        if (row["metric"], row["method"], row.get("protocol")) == ("patches_per_s", NETWORK, BF16)
    ]
    rate = (found or [_RATE])[0]
    return max(100, int(min(_LONGEST_S, (seconds - _STARTS_S) / 2) * rate / PATCHES))


def _step(checkpoint: Path) -> int:
    """The step of a checkpoint; 0 where there is none."""
    if not checkpoint.is_file():
        return 0
    return int(torch.load(checkpoint, map_location="cpu", weights_only=True)["step"])


def _wait(process: subprocess.Popen[bytes]) -> None:
    if process.wait():
        raise RuntimeError(f"the training ended with status {process.returncode}")

"""How many patches five networks train on in a second, and how much of that time waits for data."""

import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import torch

from benchmarks.gpu.forms import BF16, FP32, TF32
from benchmarks.gpu.journal import Journal
from benchmarks.gpu.pixels import SCALE, TRAINING_SET
from benchmarks.gpu.place import Setup
from benchmarks.gpu.training_runs import plan, train_once
from resolute.train import loop
from resolute.train.draws import Draws

# From the smallest to the largest: what a step computes, against what it takes to launch it and to draw its batch.
NETWORKS = ("rlfn_team04", "bsrn", "imdn_baseline", "seemore_t", "rcan")
_WARM_UP = 5  # steps that do not count
_ENDLESS = 10**8  # steps: time ends a measurement


class EnoughError(Exception):
    """Enough steps have been timed."""


class TimedDraws(Draws):
    """Batches for so many seconds, with the time of every step and what of it was spent on waiting for its batch."""

    seconds = 0.0
    handed: list[float]
    waited: list[float]

    def from_step(self, first: int) -> Iterator[Any]:
        """Raises `EnoughError` when the time has come."""
        batches = super().from_step(first)
        type(self).handed, type(self).waited = [], []
        end = None
        while True:
            _synchronise()  # as the loop does itself, when it copies a batch: what is waited for now is data alone
            began = time.perf_counter()
            batch = next(batches)
            now = time.perf_counter()
            self.handed.append(now)
            self.waited.append(now - began)
            if end is None and len(self.handed) == _WARM_UP:
                end = now + self.seconds
            if end is not None and now > end and len(self.handed) > 2 * _WARM_UP:
                raise EnoughError
            yield batch


def run(setup: Setup) -> None:
    """Measure what the journal has not."""
    journal = Journal(setup.out)
    loop.Draws = TimedDraws  # type: ignore[misc]
    TimedDraws.seconds = 0.1 if setup.smoke else 2.0
    for name in ("rlfn_tiny",) if setup.smoke else NETWORKS:
        for form in (FP32,) if setup.smoke else (FP32, TF32, BF16):
            if journal.is_settled("throughput", f"{name} {form}"):
                continue
            with journal.item("throughput", f"{name} {form}") as rows:
                with suppress(EnoughError):
                    train_once(setup, name, f"throughput_{form}", _ENDLESS, form, _ENDLESS)
                took = TimedDraws.handed[-1] - TimedDraws.handed[_WARM_UP]
                steps = len(TimedDraws.handed) - 1 - _WARM_UP
                patches = steps * plan(name, 1, setup.smoke).phases[0].batch_size
                share = sum(TimedDraws.waited[_WARM_UP + 1 :]) / took
                described = {"method": name, "scale": SCALE, "training_data": TRAINING_SET, "protocol": form}
                rows.append({**described, "metric": "patches_per_s", "value": patches / took, "unit": "1/s"})
                rows.append({**described, "metric": "data_wait_share", "value": share})


def _synchronise() -> None:
    if torch.cuda.is_initialized():
        torch.cuda.synchronize()

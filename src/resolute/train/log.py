"""What a training writes down of itself: its log, and in a file of their own the times, which always differ."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from resolute.core import atomic, layout
from resolute.train.energy import NOTHING

LOG_COLUMNS = ("step", "phase", "loss", "learning_rate")
TIME_COLUMNS = ("step", "patches_per_s", "seconds", *NOTHING)


class TrainingLog:
    """Rows of both files, and what was spent so far: `seconds` and `joules`."""

    def __init__(self) -> None:
        self.rows: list[list[float]] = []
        self.times: list[list[float]] = []
        self.seconds, self.joules = 0.0, dict(NOTHING)

    def add(self, step: int, phase: int, loss: float, learning_rate: float, patches_per_s: float) -> None:
        """Add a row to each, with what was spent so far."""
        self.rows.append([step, phase, loss, learning_rate])
        spent = [round(self.seconds, 2), *(round(joules, 1) for joules in self.joules.values())]
        self.times.append([step, round(patches_per_s, 1), *spent])

    def state(self) -> dict[str, Any]:
        """All of it, as a checkpoint carries it."""
        return vars(self)

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state` gave."""
        self.rows, self.times = state["rows"], state["times"]
        self.seconds, self.joules = state["seconds"], state["joules"]

    def write(self, run: layout.Run) -> None:
        """Write both files."""
        for path, columns, rows in (
            (layout.training_log(run), LOG_COLUMNS, self.rows),
            (layout.training_times(run), TIME_COLUMNS, self.times),
        ):
            atomic.write(path, pd.DataFrame(rows, columns=list(columns)).to_csv(index=False))

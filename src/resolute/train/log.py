"""What a training writes down of itself: its log, and in a file of their own the times, which always differ."""

import csv
import io
import math
from collections.abc import Mapping, Sequence
from typing import Any

from resolute.core import atomic, layout
from resolute.train.energy import NOTHING


class TrainingLog:
    """Rows of both files, and what was spent so far: `seconds` and `joules`."""

    def __init__(self) -> None:
        self.rows: list[dict[str, float]] = []
        self.times: list[dict[str, float]] = []
        self.seconds, self.joules = 0.0, dict(NOTHING)

    def add(
        self, step: int, phase: int, terms: Mapping[str, float], learning_rate: float, patches_per_s: float
    ) -> None:
        """Add a row to each, with what was spent so far.

        Args:
            terms: the mean `loss` since the row before, and of its terms where it has several: a column each.
        """
        self.rows.append({"step": step, "phase": phase, **terms, "learning_rate": learning_rate})
        spent = {"seconds": round(self.seconds, 2), **{one: round(self.joules[one], 1) for one in self.joules}}
        self.times.append({"step": step, "patches_per_s": round(patches_per_s, 1), **spent})

    def state(self) -> dict[str, Any]:
        """All of it, as a checkpoint carries it."""
        return vars(self)

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state` gave."""
        self.rows, self.times = state["rows"], state["times"]
        self.seconds, self.joules = state["seconds"], state["joules"]

    def write(self, trained: layout.Weights) -> None:
        """Write both files."""
        for path, rows in ((layout.training_log(trained), self.rows), (layout.training_times(trained), self.times)):
            atomic.write(path, _table(rows))


def _table(rows: Sequence[Mapping[str, float]]) -> str:
    """Rows as CSV: a column for whatever any of them has, empty where one has it not or it is NaN."""
    text = io.StringIO()
    names = list(dict.fromkeys(name for row in rows for name in row))
    writer = csv.DictWriter(text, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: "" if math.isnan(value) else value for name, value in row.items()} for row in rows)
    return text.getvalue()

"""What a person sees of a training: a bar with ETA and throughput, or now and then a line in a job's log."""

import sys
import time

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

_LINE_EVERY_S = 30.0


class TrainingProgress:
    """Shows steps, loss, throughput and remaining time on standard error."""

    def __init__(self, title: str, total: int, start: int, shown: bool) -> None:
        self.title, self.total, self.start = title, total, start
        console = Console(stderr=True)
        self.bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[figures]}"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=console,
            disable=not (shown and console.is_terminal),
        )
        self.lines = shown and not console.is_terminal
        self.task = self.bar.add_task(title, total=total, completed=start, figures="")
        self.began = self.last_line = time.monotonic()

    def __enter__(self) -> "TrainingProgress":
        self.bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.stop()

    def update(self, step: int, loss: float, patches_per_s: float) -> None:
        """Show that `step` steps are done."""
        figures = f"loss {loss:.5f}  {patches_per_s:.0f} patches/s"
        self.bar.update(self.task, completed=step, figures=figures)
        now = time.monotonic()
        if self.lines and (now - self.last_line > _LINE_EVERY_S or step == self.total):
            left = (now - self.began) / max(1, step - self.start) * (self.total - step)
            print(
                f"{self.title}: step {step}/{self.total}  {figures}  {left:.0f} s left",
                file=sys.stderr,
                flush=True,
            )
            self.last_line = now

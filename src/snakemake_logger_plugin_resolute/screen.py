"""What a terminal or a file shows of a run, on standard error."""

import sys

from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from snakemake_logger_plugin_resolute.outlook import Outlook, duration


class Screen:
    """Lines, and in a terminal a bar below them.

    Args:
        no_colour: plain text, whatever the terminal can show.
    """

    def __init__(self, no_colour: bool) -> None:
        self._console = Console(stderr=True, no_color=no_colour, highlight=False, markup=False, soft_wrap=True)
        self._outlook = Outlook({})
        self.has_bar = self._console.is_terminal and sys.stdout.isatty()
        self._bar = Live(get_renderable=self._drawn, console=self._console, transient=True, refresh_per_second=2)

    def say(self, text: str, style: str = "") -> None:
        """Show lines of text, above the bar."""
        self._console.print(Text(text, style=style))

    def follow(self, outlook: Outlook) -> None:
        """Show from now on how a run goes."""
        self._outlook = outlook
        if self.has_bar:
            self._bar.start(refresh=True)

    def refresh(self) -> None:
        """Show how it goes now, not only with the next tick."""
        if self.has_bar:
            self._bar.refresh()

    def close(self) -> None:
        """Take the bar away."""
        self._bar.stop()

    def _drawn(self) -> Table:
        outlook = self._outlook
        seconds = outlook.seconds_left()
        left = "" if seconds is None else f"{duration(seconds)} left"
        running = ", ".join(job.title for job in list(outlook.running.values()) if job.log)
        row = Table.grid(padding=(0, 2), expand=True)
        for _ in range(3):
            row.add_column(no_wrap=True)
        row.add_column(no_wrap=True, overflow="ellipsis", ratio=1)
        bar = ProgressBar(total=max(1, outlook.total), completed=outlook.done, width=24)
        row.add_row(bar, f"{outlook.done}/{outlook.total}", left, Text(running, style="dim"))
        return row

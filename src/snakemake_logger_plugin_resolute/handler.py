"""The progress of a run: one line a job, and below them in a terminal a bar with what runs now and the time left."""

import os
import re
from logging import WARNING, LogRecord
from pathlib import Path
from typing import Any

from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent

from snakemake_logger_plugin_resolute.outlook import Job, Outlook, duration

QUIET_JOBS = "RESOLUTE_QUIET_JOBS"
"""Where it is set, jobs write to their logs alone (workflow/scripts/logged.sh); what matters of them is shown here."""
_REMARK = re.compile(r"resolute: |.*Warning: ")
_ENDED = re.compile(r"died with <[^>]+>|exit status \d+")
_ERROR = re.compile(r"resolute: |[\w.]+(Error|Exception|Interrupt)\b")


class LogHandler(LogHandlerBase):
    """Shows a run on standard error; what only plans (`-n`) is shown as Snakemake shows it."""

    def __post_init__(self) -> None:
        self.outlook: Outlook | None = None
        self.reason = ""
        self.idle = False
        if not self.common_settings.dryrun:
            from snakemake_logger_plugin_resolute.screen import Screen  # rich: most calls of Snakemake do without

            self.screen = Screen(self.common_settings.nocolor)
            os.environ[QUIET_JOBS] = "1"

    @property
    def writes_to_stream(self) -> bool:
        """In place of Snakemake's own handler."""
        return True

    @property
    def writes_to_file(self) -> bool:
        """Its own log file Snakemake writes as ever."""
        return False

    @property
    def has_filter(self) -> bool:
        """All events are wanted here, whatever `--quiet` says; a plan is Snakemake's."""
        return not self.common_settings.dryrun

    @property
    def has_formatter(self) -> bool:
        """A plan is in Snakemake's words."""
        return False

    @property
    def needs_rulegraph(self) -> bool:
        """Counts of jobs suffice."""
        return False

    def emit(self, record: LogRecord) -> None:
        """Show what has happened, if a person wants to know it."""
        if self.common_settings.dryrun:
            print(self.format(record), flush=True)
            return
        fields = vars(record)
        match fields.get("event"):
            case LogEvent.WORKFLOW_STARTED:
                self.idle = True
            case LogEvent.RUN_INFO:
                self.idle = False
                self.outlook = Outlook({rule: count for rule, count in fields["stats"].items() if rule != "total"})
                self.screen.follow(self.outlook)
            case LogEvent.JOB_INFO if self.outlook:
                self.outlook.start(fields["jobid"], _job(fields))
            case LogEvent.JOB_FINISHED if self.outlook and fields["job_id"] in self.outlook.running:
                self._finished(self.outlook, fields["job_id"])
            case LogEvent.JOB_ERROR if self.outlook:
                self._failed(self.outlook, fields["jobid"])
            case LogEvent.ERROR if self.outlook and fields["exception"] == "RuleException":
                self.reason = record.getMessage()  # the job's JOB_ERROR comes next
            case LogEvent.ERROR | None if record.levelno >= WARNING:
                self._problem(record.getMessage(), fields.get("exception"))
        self.screen.refresh()

    def close(self) -> None:
        """Take the bar away and say how the run has ended."""
        if not self.common_settings.dryrun:
            self.screen.close()
        if self.idle:
            self.screen.say("nothing to do: every result is up to date")
        if self.reason:
            self.screen.say(self.reason)
        if self.outlook:
            self.screen.say(self.outlook.summary())
        self.outlook, self.reason, self.idle = None, "", False
        super().close()

    def _finished(self, outlook: Outlook, number: int) -> None:
        job, seconds = outlook.finish(number)
        if not job.log:  # a target that makes nothing
            return
        left = None if self.screen.has_bar else outlook.seconds_left()
        after = "" if left is None else f"  ({duration(left)} left)"
        self.screen.say(f"{outlook.done}/{outlook.total}  {job.title}  {duration(seconds)}{after}")
        for line in _lines(job.log):
            if _REMARK.match(line):
                self.screen.say(f"  {line}", "yellow")

    def _failed(self, outlook: Outlook, number: int) -> None:
        job = outlook.fail(number)
        if job is None:
            return
        errors = [line for line in _lines(job.log) if _ERROR.match(line)]
        reason = errors or _ENDED.findall(self.reason) or [self.reason]
        why = reason[-1].strip().removeprefix("resolute: ")
        self.screen.say(f"failed: {job.title}: {why} (log: {job.log})", "red")
        self.reason = ""

    def _problem(self, text: str, exception: str | None) -> None:
        """Show what Snakemake complains of, but not at the end once more that jobs have failed."""
        self.idle = False
        if not (self.outlook and self.outlook.failed and exception in (None, "WorkflowError")):
            self.screen.say(text)


def _job(fields: dict[str, Any]) -> Job:
    """A job under its rule's name and, if the rule makes several things, its log's."""
    log = next(iter(fields["log"]), "")
    rule = fields["rule_name"]
    return Job(rule, f"{rule} {Path(log).stem}" if fields["wildcards"] else rule, log)


def _lines(log: str) -> list[str]:
    """The lines of a job's log; none where it has none."""
    try:
        return Path(log).read_text(errors="replace").splitlines()
    except OSError:
        return []

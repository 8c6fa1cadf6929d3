"""Snakemake's own `--touch`, for hundreds of jobs: `python -m resolute.engines.touch TARGETS`, then `go` on its stdin.

A program of its own, because Snakemake keeps its workflow in its process. It plans while it waits for the word, and
ends with an error, nothing touched, where the word does not come.
"""

import gc
import sys
from typing import Any

GO = "go\n"


def main(targets: list[str]) -> None:
    """Touch what the targets are made from and themselves, in the order of the DAG, and record each job as done."""
    from snakemake.cli import main as snakemake
    from snakemake.executors.touch import Executor
    from snakemake.io import _IOFile
    from snakemake.scheduling.job_scheduler import JobScheduler

    schedule, checksum = JobScheduler.schedule, _IOFile.checksum
    known: dict[str, str | None] = {}

    def schedule_when_told(scheduler: JobScheduler) -> bool:
        return sys.stdin.readline() == GO and schedule(scheduler)

    async def checksum_once(file: _IOFile, *arguments: Any, **options: Any) -> str | None:
        # No content changes here; Snakemake reads an input for each job and output that it belongs to.
        if str(file) not in known:
            known[str(file)] = await checksum(file, *arguments, **options)
        return known[str(file)]

    JobScheduler.schedule, _IOFile.checksum = schedule_when_told, checksum_once
    JobScheduler.job_selector = lambda _, ready: set(ready)  # nothing is computed: no job waits for a core
    Executor.SLEEPING_TIME = 0  # a tenth of a second before each job
    Executor.printjob = lambda *_: None
    gc.disable()  # a large graph that stays until the end, looked through again and again
    snakemake(["--touch", "--forceall", "--cores", "1", "--quiet", "all", "--", *targets])


if __name__ == "__main__":
    main(sys.argv[1:])

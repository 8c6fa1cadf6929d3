"""Snakemake's own `--touch`, for hundreds of jobs: `python -m resolute.engines.touch TARGETS`.

It pauses a tenth of a second before each job and reads an input for each job and output that it belongs to. Nothing is
computed here and no content changes, so neither is needed. A program of its own, because Snakemake keeps its workflow
in its process.
"""

import sys
from typing import Any

# As many jobs at once as there are spares Snakemake rounds of planning.
_AT_ONCE = "10000"


def main(targets: list[str]) -> None:
    """Touch what the targets are made from and themselves, in the order of the DAG, and record each job as done."""
    from snakemake.cli import main as snakemake
    from snakemake.executors.touch import Executor
    from snakemake.io import _IOFile

    checksum = _IOFile.checksum
    known: dict[str, str | None] = {}

    async def checksum_once(file: _IOFile, *arguments: Any, **options: Any) -> str | None:
        if str(file) not in known:
            known[str(file)] = await checksum(file, *arguments, **options)
        return known[str(file)]

    Executor.SLEEPING_TIME = 0
    _IOFile.checksum = checksum_once
    resources = ["--cores", _AT_ONCE, "--resources", f"gpu={_AT_ONCE}", "--scheduler", "greedy"]
    snakemake(["--touch", "--forceall", *resources, "--quiet", "all", "--", *targets])


if __name__ == "__main__":
    main(sys.argv[1:])

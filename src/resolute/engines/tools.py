"""Asking the two engines: their command lines, and what they answer."""

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from resolute.core.errors import ResoluteError
from resolute.core.layout import project_root


def run(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run an engine of this environment in the project root; its output is captured."""
    command = [str(Path(sys.executable).parent / program), *arguments]
    try:
        return subprocess.run(
            command, cwd=project_root(), env=_environment(), capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        raise ResoluteError(f"{program} is not installed here: run `make env`") from None


def _environment() -> dict[str, str]:
    """This one; Snakemake needs a cache below the user's home, and where that cannot be written, gets one here."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")) / "snakemake"  # noqa: PTH111
    with suppress(OSError):
        cache.mkdir(parents=True, exist_ok=True)
    own = {} if os.access(cache, os.W_OK) else {"XDG_CACHE_HOME": str(project_root() / "work/cache")}
    return {**os.environ, **own}


def last_line(done: subprocess.CompletedProcess[str]) -> str:
    """The line of an engine's output that says what went wrong."""
    lines = [line.strip() for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    errors = [line for line in lines if "rror" in line]
    return (errors or lines or [f"exit status {done.returncode}"])[-1]


def planned_jobs() -> dict[str, str]:
    """Every output of the DAG that Snakemake would make now, with the rule that makes it."""
    done = run("snakemake", "--detailed-summary")
    if done.returncode:
        raise ResoluteError(f"snakemake cannot plan: {last_line(done)}")
    header, *rows = [line.split("\t") for line in done.stdout.splitlines() if "\t" in line]
    output, rule, plan = (header.index(name) for name in ("output_file", "rule", "plan"))
    return {row[output]: row[rule] for row in rows if row[plan] != "no update"}


def refuse_inside_dvc() -> None:
    """Refuse to run as part of a DVC stage, which holds DVC's own lock."""
    if os.environ.get("DVC_STAGE"):
        raise ResoluteError("this runs inside a DVC stage: call it when `dvc repro` has ended")

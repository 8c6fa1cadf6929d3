"""One part after the other, each in a process of its own and bounded in time; what fails is noted."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from benchmarks.gpu.journal import LOST, WHOLE, Journal
from benchmarks.gpu.place import ROOT, SITE, Setup, lay_out_packages

_LEAST_S = 5.0  # no part is begun with less


@dataclass(frozen=True)
class Part:
    """A module of `benchmarks.gpu.parts`, and the most seconds that it gets."""

    name: str
    seconds: float


PARTS = (
    Part("machine", 60),
    Part("checks", 150),
    Part("latency", 190),
    Part("quality", 40),
    Part("throughput", 75),
    Part("training", 300),
)


def run(setup: Setup) -> int:
    """Run what has not been run, and write `<out>/rows.json`.

    Returns:
        The exit status: 1 where a part did not come to its end. What failed within one is noted, and no reason to stop.
    """
    if not setup.smoke:
        SITE.mkdir(parents=True, exist_ok=True)
        lay_out_packages(setup.pack)
    journal, end = Journal(setup.out), time.monotonic() + setup.seconds
    for part in PARTS:
        began = time.monotonic()
        _run_part(part, setup, journal, end)
        write_rows(setup, journal)
        print(f"== {part.name}: {time.monotonic() - began:.0f} s, {end - time.monotonic():.0f} s left", flush=True)
        if not (setup.out / "facts.json").is_file():
            print("there is no device to measure: nothing else is tried", flush=True)
            return 1
    failures = journal.failures()
    for name, why in failures.items():
        print(f"not done: {name}: {why}", flush=True)
    print(f"{setup.out / 'rows.json'}: {len(journal.rows())} rows, {len(failures)} not done", flush=True)
    return 1 if any(name.endswith(f": {WHOLE}") for name in failures) else 0


def _run_part(part: Part, setup: Setup, journal: Journal, end: float) -> None:
    """Start a part, and again where it has lost its device, as long as it gets on."""
    if journal.is_over(part.name):
        return
    if not setup.smoke:
        end = min(end, time.monotonic() + part.seconds)
    while True:
        left, before = end - time.monotonic(), len(journal.lines())
        if left < _LEAST_S:
            journal.add(part.name, WHOLE, "failed", why="no time was left")
            return
        status = _spawn(part.name, setup, left)
        if status != LOST or len(journal.lines()) == before:
            break
    if status:
        why = "it was stopped at its time limit" if status == -signal.SIGKILL else f"it ended with status {status}"
        journal.add(part.name, WHOLE, "failed", why=why)
    else:
        journal.add(part.name, WHOLE, "done")


def _spawn(name: str, setup: Setup, seconds: float) -> int:
    words = [sys.executable, "-m", "benchmarks.gpu", "part", name, str(setup.out), "--pack", str(setup.pack)]
    words += ["--minutes", str(seconds / 60), *(["--smoke"] if setup.smoke else [])]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", **({"CUDA_VISIBLE_DEVICES": ""} if setup.smoke else {})}
    process = subprocess.Popen(words, cwd=ROOT, env=environment, start_new_session=True)
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        return -signal.SIGKILL
    finally:
        # Whatever a part has started goes with it.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def write_rows(setup: Setup, journal: Journal) -> None:
    """Write what `resolute keep` takes: the rows, and how they came to be."""
    found = setup.out / "facts.json"
    facts: Mapping[str, Any] = json.loads(found.read_text()) if found.is_file() else {}
    content = {"facts": {**facts, "failures": journal.failures()}, "rows": journal.rows()}
    target = setup.out / "rows.json"
    target.with_suffix(".part").write_text(json.dumps(content, indent=1) + "\n")
    target.with_suffix(".part").replace(target)

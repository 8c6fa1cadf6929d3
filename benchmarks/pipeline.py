"""What the jobs of a run take of the processor, by kind, and for what.

    .venv/bin/python benchmarks/pipeline.py --method rlfn_team04

For a project that has been run: one job of each kind, of that method where it is about one, is run again as Snakemake
would, once as a process of its own and once in one that begins warm (`resolute.engines.warm`). Then it is run three
times in a single process: what the first time takes more than the second is what every process does `once` (the
interpreter, its imports, the registry); what the second takes is divided as the profile of the third is. All are CPU
seconds, user and system, of one thread. Outputs are made anew, so that Snakemake makes what depends on them anew, too,
but for what is timed: that is measured and not kept.
"""

import argparse
import cProfile
import json
import os
import pstats
import re
import resource
import shlex
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path

from resolute.engines import warm

THREADS = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
SKIPPED = ("train", "operating_points")  # long, or timed and kept
# The functions that a part of a job is spent in, by the ends of their files' names: none calls one of another part.
PARTS = {
    "network": {("methods/__init__.py", "upscaler")},
    "counting": {("metrics/counters.py", "count"), ("metrics/counters.py", "count_macs")},
    "forward": {
        ("inference.py", "upscale"),
        ("profile/timing.py", "observed_call"),
        ("profile/timing.py", "latency_ms"),
    },
    "quality": {("metrics/protocols.py", "measure"), ("evaluate/categories.py", "add")},
    "reading": {
        ("images/files.py", "read_image"),
        ("params/__init__.py", "load"),
        ("measurements/long_form.py", "read"),
    },
    "writing": {("measurements/long_form.py", "write"), ("images/zipped.py", "zip_images")},
}


def commands() -> dict[str, list[list[str]]]:
    """All jobs' commands, by kind."""
    planned = subprocess.run(
        ["snakemake", "-n", "-p", "--forceall", "--", "all"], capture_output=True, text=True, check=True
    ).stdout
    found = defaultdict(list)
    for rule, command in re.findall(r"^rule (\w+):\n(?: .*\n)*Shell command: logged \S+ (.+)$", planned, re.MULTILINE):
        if rule == "profile":
            is_timed = "--count-only" not in command
            rule, command = f"profile, {'timed' if is_timed else 'counted'}", command + " --json" * is_timed
        if rule not in SKIPPED:
            found[rule].append(shlex.split(command))
    return found


def cpu_s(who: int) -> float:
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime


def run(*command: str) -> float:
    """CPU seconds of a process that must succeed."""
    before = cpu_s(resource.RUSAGE_CHILDREN)
    subprocess.run(command, env={**os.environ, **THREADS}, stdout=subprocess.DEVNULL, check=True)
    return cpu_s(resource.RUSAGE_CHILDREN) - before


class Server:
    """A process that jobs begin in, and what it and they have used."""

    def __init__(self) -> None:
        self.process = warm.start(str(Path(warm.__file__).parents[2]))
        while not Path(os.environ[warm.VARIABLE]).exists():
            time.sleep(0.1)

    def run(self, *command: str) -> float:
        before = self._used()
        client = run(sys.executable, "-I", "-S", warm.__file__, "run", os.environ[warm.VARIABLE], *command)
        return client + self._used() - before

    def _used(self) -> float:
        """Its own time and that of the jobs that it has seen end, from /proc/<pid>/stat (proc(5))."""
        numbers = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return sum(map(int, numbers[11:15])) / os.sysconf("SC_CLK_TCK")


def divide(command: list[str]) -> None:
    """Print, as JSON, what a command takes in this process: by part."""
    from resolute.cli import main

    def once() -> None:
        try:
            main()
        except SystemExit as end:
            if end.code:
                raise

    sys.argv = command
    out, sys.stdout = sys.stdout, Path(os.devnull).open("w")  # noqa: SIM115
    once()
    first = time.process_time()
    once()
    again = time.process_time() - first
    profile = cProfile.Profile(time.process_time)
    profile.runcall(once)
    stats = pstats.Stats(profile)
    spent = {
        part: sum(
            cumulative
            for (file, _, name), (_, _, _, cumulative, _) in stats.stats.items()  # type: ignore[attr-defined]
            if any(file.endswith(end) and name == function for end, function in functions)
        )
        for part, functions in PARTS.items()
    }
    whole = stats.total_tt  # type: ignore[attr-defined]
    print(json.dumps({"once": first - again, **{part: again * time / whole for part, time in spent.items()}}), file=out)


def main() -> None:
    if sys.argv[1:2] == ["--divide"]:
        divide(sys.argv[2:])
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--method", default="rlfn_team04", help="default: rlfn_team04")
    method = parser.parse_args().method
    server = Server()
    names = ["jobs", "process", "warm", "once", *PARTS]
    print(f"{'':22}" + "".join(f"{name:>9}" for name in names))
    for kind, jobs in commands().items():
        command = next((job for job in jobs if method in job), jobs[0])
        taken = [run(*command), server.run(*command)]
        divided = subprocess.check_output(
            [sys.executable, __file__, "--divide", *command], env={**os.environ, **THREADS}, text=True
        )
        numbers = [*taken, *json.loads(divided).values()]
        print(f"{kind:22}{len(jobs):9}" + "".join(f"{number:9.2f}" for number in numbers), flush=True)


if __name__ == "__main__":
    main()

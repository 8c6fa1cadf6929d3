"""Runs that are killed at random moments, Snakemake alone or with all its jobs, end with the same bytes of everything.

RESOLUTE_KILLS=30 python -m pytest -n 0 tests/engines/test_kills.py
"""

import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from tests.engines.conftest import REPOSITORY, SMALL, Project, copy_parts
from tests.report.test_reproducible import VARIES

KILLS = int(os.environ.get("RESOLUTE_KILLS", "4"))
MADE = ("data/sources", "data/raw", "data/lr", "data/patches", "data/weights", "reports")

pytestmark = [pytest.mark.attack, pytest.mark.timeout(600 + 300 * KILLS)]


def start(project: Project) -> subprocess.Popen[bytes]:
    """`make run` with the environment that runs the tests, in a session of its own."""
    command = ["make", "--old-file", "env", f"BIN={Path(sys.executable).parent}", "run"]
    with (project.root.parent / "run.log").open("ab") as log:
        return subprocess.Popen(
            command,
            cwd=project.root,
            env=project.environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def snakemakes(session: int) -> list[int]:
    """The processes of a session that run Snakemake."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
            if os.getsid(int(entry.name)) == session and any(word.endswith(b"bin/snakemake") for word in words[:2]):
                found.append(int(entry.name))
        except (OSError, ValueError):
            continue
    return found


def kill(run: subprocess.Popen[bytes], alone: bool) -> None:
    """Kill Snakemake alone, whose jobs live on; or everything that a run has started."""
    processes = snakemakes(run.pid) if alone else []
    for process in processes:
        os.kill(process, signal.SIGKILL)
    if not processes:  # all of it, or too early for a Snakemake
        os.killpg(run.pid, signal.SIGKILL)
    run.wait()


def digests(project: Project) -> dict[str, str]:
    """The content of all that a run has made; of pages without the elements that say that they vary."""
    files = [path for part in MADE for path in sorted((project.root / part).rglob("*")) if path.is_file()]
    return {
        str(path.relative_to(project.root)): hashlib.sha256(_content(path)).hexdigest()
        for path in files
        if not path.name.startswith(".") and "times" not in path.name
    }


def _content(path: Path) -> bytes:
    return VARIES.sub(r"\1", path.read_text()).encode() if path.suffix == ".html" else path.read_bytes()


def test_killed_runs_end_with_the_same_bytes(tmp_path: Path) -> None:
    project = Project(tmp_path / "checkout")
    copy_parts(project.root)
    shutil.copy(REPOSITORY / "Makefile", project.root)
    preset = {**yaml.safe_load((project.root / "workflow/presets/quick.yaml").read_text()), **SMALL}
    preset["train"] = {**SMALL["train"], "iterations": 60}
    preset["checkpoints"] = {"every": 10}
    (project.root / "workflow/presets/small.yaml").write_text(yaml.safe_dump(preset))
    project.run("resolute", "preset", "small")
    began = time.monotonic()
    assert start(project).wait() == 0, log(project)
    whole = time.monotonic() - began
    expected = digests(project)

    moments = random.Random(0)
    killed = 0
    forget(project)
    while killed < KILLS:
        run = start(project)
        try:
            run.wait(moments.uniform(0, whole))
        except subprocess.TimeoutExpired:
            kill(run, alone=killed % 2 == 1)
            killed += 1
        else:
            assert run.returncode == 0, log(project)
            assert differing(project, expected) == []
            forget(project)
    assert start(project).wait() == 0, log(project)
    assert differing(project, expected) == []
    assert not list(project.root.rglob("*.part"))
    assert start(project).wait() == 0
    assert project.planned() == {}


def differing(project: Project, expected: dict[str, str]) -> list[str]:
    """The files that a run made otherwise, or not, or besides."""
    found = digests(project)
    return sorted(name for name in found.keys() | expected.keys() if found.get(name) != expected.get(name))


def forget(project: Project) -> None:
    """Remove all that was made, so that the next run starts anew."""
    for part in (*MADE, "work", ".snakemake"):
        shutil.rmtree(project.root / part, ignore_errors=True)


def log(project: Project) -> str:
    return (project.root.parent / "run.log").read_text(errors="replace")[-4000:]

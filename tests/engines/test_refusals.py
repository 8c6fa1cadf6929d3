"""`seal` and `sync` beside other runs: one clear line, and nothing changed."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.engines.conftest import Project

pytestmark = pytest.mark.slow

# A Snakemake that holds its lock until it is told to end, as one that runs beside us does.
SLOW_RULE = """

rule slow:
    output:
        "work/slow.txt",
    shell:
        "touch work/started; while [ ! -e work/end ]; do sleep 0.1; done; touch {output}"
"""
HOLD_DVC = """
from dvc.repo import Repo
with Repo() as repo, repo.lock:
    print("held", flush=True)
    input()
"""


def state(project: Project) -> dict[str, bytes]:
    """What a refused command must not change: DVC's lock file, and Snakemake's records."""
    records = sorted((project.root / ".snakemake/metadata").rglob("*"))
    files = [project.root / "dvc.lock", *(file for file in records if file.is_file())]
    return {str(file): file.read_bytes() for file in files}


def assert_refused(project: Project, command: str, words: str, **variables: str) -> None:
    before = state(project)
    done = project.call("resolute", command, **variables)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("resolute: ")
    assert len(done.stderr.splitlines()) == 1
    assert words in done.stderr
    assert state(project) == before


@contextmanager
def running_snakemake(project: Project) -> Iterator[None]:
    """Another Snakemake in the middle of a job."""
    with (project.root / "Snakefile").open("a") as file:
        file.write(SLOW_RULE)
    started, end = project.root / "work/started", project.root / "work/end"
    command = ["snakemake", "--cores", "1", "--quiet", "all", "--", "work/slow.txt"]
    with subprocess.Popen(command, cwd=project.root, env=project.environment) as process:
        try:
            while not started.exists() and process.poll() is None:
                time.sleep(0.1)
            yield
        finally:
            end.touch()
    assert process.returncode == 0


def test_refused_while_snakemake_runs(small: Project) -> None:
    with running_snakemake(small):
        assert_refused(small, "seal", "Snakemake is running here")
        assert_refused(small, "sync", "Snakemake is running here")
    assert "nothing to" in small.run("resolute", "seal")


@pytest.mark.parametrize("command", ["seal", "sync"])
def test_refused_inside_a_dvc_stage(command: str, small: Project) -> None:
    assert_refused(small, command, "inside a DVC stage", DVC_STAGE="train")


def test_refused_while_dvc_is_locked(small: Project) -> None:
    holder, pipe = [sys.executable, "-c", HOLD_DVC], subprocess.PIPE
    with subprocess.Popen(holder, stdin=pipe, stdout=pipe, text=True, cwd=small.root, env=small.environment) as process:
        assert process.stdout and process.stdout.readline() == "held\n"
        assert_refused(small, "seal", "lock")
        assert_refused(small, "sync", "lock")
        process.communicate("\n")


def test_seal_is_refused_while_snakemake_has_work(small: Project) -> None:
    small.edit("params.yaml", "imdn_tiny: {}", "imdn_tiny: {iterations: 6}")
    assert_refused(
        small, "seal", "Snakemake has work to do (evaluate, figures, report, tables, train, training_figures)"
    )
    # DVC alone would have called weights of 5 iterations those of 6.
    assert small.changed()


def test_sync_leaves_what_dvc_lacks(small: Project) -> None:
    """A pull that brought nothing, as where the remote is away."""
    small.run("git", "clone", "--quiet", str(small.root), str(small.root.parent / "clone"))
    clone = Project(small.root.parent / "clone")
    assert clone.call("dvc", "pull", "--remote", "nowhere").returncode != 0
    text = clone.run("resolute", "sync")
    assert "nothing to sync" in text
    assert "`dvc pull`" in text
    assert not list(Path(clone.root / ".snakemake").glob("metadata/*"))

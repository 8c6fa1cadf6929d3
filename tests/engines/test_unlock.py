"""A lock that a killed Snakemake left behind, and one whose owner lives."""

import fcntl
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from resolute.core.errors import ResoluteError
from resolute.engines import mend, unlock
from resolute.engines.unlock import JOBS_LOCK, is_locked


def start_snakemake() -> subprocess.Popen[str]:
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    process = subprocess.Popen(
        [sys.executable, "-m", "snakemake", "--cores", "1", "data/patches/embedded/x4.parquet"],
        text=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        env=environment,
    )
    while not is_locked():
        assert process.poll() is None
        time.sleep(0.02)
    return process


@pytest.mark.slow
def test_a_stale_lock_is_removed_and_a_living_one_is_not(checkout: Path) -> None:
    assert unlock() == "Snakemake is not locked"
    process = start_snakemake()
    with pytest.raises(ResoluteError, match="Snakemake is running here"):
        unlock()
    assert is_locked()
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert is_locked()
    assert unlock() == "removed the lock of a Snakemake that was killed"
    assert not is_locked()


def jobs_live() -> bool:
    """Whether a job has taken the lock that all jobs hold."""
    with Path(JOBS_LOCK).open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


@pytest.mark.slow
def test_a_run_waits_for_the_jobs_of_a_snakemake_that_was_killed_alone(
    checkout: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    process = start_snakemake()
    while not jobs_live():
        assert process.poll() is None
        time.sleep(0.02)
    process.kill()
    process.wait()
    assert jobs_live()
    mend()
    assert not jobs_live()
    assert capfd.readouterr().err.startswith("resolute: removed the lock of a Snakemake that was killed")


def test_a_run_says_that_it_waits_for_jobs_that_have_just_started(project: Path) -> None:
    (project / "params.yaml").write_text("data: {sets: []}\n")
    Path(JOBS_LOCK).parent.mkdir(parents=True)
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "src")}
    job = ["bash", "-c", f"exec 9<>{JOBS_LOCK} && flock --shared 9; echo started; read"]
    with subprocess.Popen(job, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as started:
        assert started.stdout and started.stdout.readline() == "started\n"
        mending = [str(Path(sys.executable).parent / "resolute"), "mend"]
        with subprocess.Popen(mending, stderr=subprocess.PIPE, text=True, env=environment) as run:
            assert run.stderr
            assert run.stderr.readline() == "resolute: waiting for jobs of a Snakemake that was killed\n"
            assert run.poll() is None
            started.communicate("")
        assert run.returncode == 0

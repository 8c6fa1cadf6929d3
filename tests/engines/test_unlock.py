"""A lock that a killed Snakemake left behind, and one whose owner lives."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from resolute.core.errors import ResoluteError
from resolute.engines import unlock
from resolute.engines.unlock import is_locked


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

"""The quick DAG on a real SLURM: `tests/slurm/single_node.sh start` makes one of a single machine."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import pytest
import yaml

from resolute import params
from resolute.params import jobs

pytestmark = pytest.mark.slurm

# What makes a small, idle cluster answer soon; a real one is asked less often.
IMPATIENT = [
    *("--seconds-between-status-checks", "2"),
    *("--slurm-init-seconds-before-status-checks", "1"),
]


@pytest.fixture
def slurm() -> None:
    if shutil.which("sinfo") is None:
        pytest.skip("SLURM is not installed: tests/slurm/single_node.sh start")
    if subprocess.run(["sinfo"], capture_output=True, check=False).returncode != 0:
        pytest.skip("SLURM is not running: tests/slurm/single_node.sh start")
    if importlib.util.find_spec("snakemake_executor_plugin_slurm") is None:
        pytest.skip("the SLURM executor is not installed: pip install -e '.[slurm]'")


def snakemake(*arguments: str) -> str:
    """What Snakemake says with the project's SLURM profile."""
    profile = ["--workflow-profile", "workflow/profiles/slurm"]
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", *profile, *IMPATIENT, *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stderr + done.stdout


def test_the_quick_dag_runs_on_slurm(
    slurm: None, checkout: Path, device_spans: Callable[[], list[tuple[str, float, float]]]
) -> None:
    settings = yaml.safe_load(Path("params.yaml").read_text())
    settings["train"]["iterations"] = 30
    settings["methods"]["counted"] = settings["methods"]["trained"]
    Path("params.yaml").write_text(yaml.safe_dump(settings))
    jobs.write(params.load())

    said = snakemake("all")
    assert re.search(r"(\d+) of \1 steps \(100%\) done", said), said
    here = 1  # the rule that only collects
    assert said.count("has been submitted with SLURM jobid") == int(re.findall(r"of (\d+) steps", said)[0]) - here
    assert (checkout / "reports/index.html").stat().st_size > 10_000

    spans = device_spans()
    assert {device for device, _, _ in spans} == {"0", "1"}
    side_by_side = [(a, b) for a, b in combinations(spans, 2) if a[1] < b[2] and b[1] < a[2]]
    assert side_by_side, f"no two trainings ran at a time: {spans}"
    assert all(a[0] != b[0] for a, b in side_by_side), spans

    # SLURM gave the devices, so no job locked one; trainings on the CPU still keep out of timing's way.
    assert [lock.name for lock in Path(os.environ["RESOLUTE_LOCKS"]).iterdir()] == ["cpu.lock"]

    assert "Nothing to be done" in snakemake("all")

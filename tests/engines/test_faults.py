"""What breaks from outside: a full disk, a clock that jumps, processes that are killed or run side by side."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.engines.conftest import Project

pytestmark = pytest.mark.slow

RUN = "small-seed0"
# A command of every stage, and what it makes.
STAGES = {
    "sources": ["data/sources"],
    "fetch embedded": ["data/raw"],
    "degrade embedded --scale 4": ["data/lr"],
    "patches embedded --hr": ["data/patches/embedded/hr.json", "data/patches/embedded/hr.npy"],
    "patches embedded --scale 4": ["data/patches/embedded/x4.parquet", "data/patches/embedded/x4.npy"],
    "train imdn_tiny --scale 4 --seed 0": [
        f"data/weights/trained/imdn_tiny/x4/{RUN}.{form}" for form in ("safetensors", "csv")
    ],
    f"evaluate imdn_tiny --weights {RUN} --dataset embedded --scale 4": ["reports/measurements/quality/imdn_tiny"],
    "profile imdn_tiny --scale 4": ["reports/measurements/cost/imdn_tiny"],
    "tables": ["reports/tables", "reports/metrics.json"],
    "figures": ["reports/figures"],
    "report": ["reports/index.html"],
}


@pytest.fixture(scope="module")
def disk(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A copy of the small project on a disk of its own, 64 MiB large."""
    folder = tmp_path_factory.mktemp("disk")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64m", "none", folder], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("only root may mount a small disk")
    skipped = shutil.ignore_patterns(".git", "cache", ".snakemake", "__pycache__", "*.log")
    shutil.copytree(base / "checkout", folder / "checkout", symlinks=True, ignore=skipped)
    yield Project(folder / "checkout")
    subprocess.run(["umount", folder], check=True)


def fill(folder: Path) -> Path:
    """A file that takes all that is left of the disk that a folder lies on."""
    filler = folder / "filler"
    with filler.open("wb") as file:
        left = os.statvfs(folder)
        os.posix_fallocate(file.fileno(), 0, left.f_bavail * left.f_frsize)
    return filler


# The suite has one command that writes files, one that writes a folder, and the training; the others are alike.
OFTEN = ("degrade embedded --scale 4", "train imdn_tiny --scale 4 --seed 0", "tables")


@pytest.mark.parametrize(
    "command", [one if one in OFTEN else pytest.param(one, marks=pytest.mark.attack) for one in STAGES]
)
def test_a_full_disk_is_one_clear_line_and_nothing_is_half_written(command: str, disk: Project) -> None:
    for name in STAGES[command]:
        path = disk.root / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    shutil.rmtree(disk.root / "work", ignore_errors=True)
    (disk.root / "work").mkdir()
    filler = fill(disk.root)
    done = disk.call("resolute", *command.split(), PYTHONDONTWRITEBYTECODE="1")
    filler.unlink()
    assert done.returncode == 1, done.stderr
    last = done.stderr.splitlines()[-1]
    assert last.startswith("resolute: "), done.stderr
    assert "No space left on device" in last
    assert "Traceback" not in done.stderr
    disk.run("resolute", *command.split())
    for name in STAGES[command]:
        assert (disk.root / name).exists()
    assert list(disk.root.rglob("*.part")) == []


@pytest.mark.attack
def test_files_from_the_future_do_not_repeat_the_work(small: Project) -> None:
    """A clock that was ahead when the project was made and has been set back since."""
    ahead = time.time() + 3 * 24 * 3600
    for folder in ("data", "reports", "src", "workflow"):
        for path in (small.root / folder).rglob("*"):
            os.utime(path, (ahead, ahead))
    small.edit("params.yaml", "imdn_tiny: {}", "imdn_tiny: {iterations: 6}")
    assert small.planned()["train"] == 1
    small.make()
    assert small.planned() == {}
    small.run("resolute", "seal")
    assert small.verdict() == "Both engines have nothing to do."


@pytest.mark.attack
def test_dvc_beside_a_running_snakemake_loses_nothing(small: Project) -> None:
    small.edit("params.yaml", "imdn_tiny: {}", "imdn_tiny: {iterations: 400}")
    command = ["snakemake", "--cores", "1", "--quiet", "all", "--", "all"]
    running = subprocess.Popen(command, cwd=small.root, env=small.environment)
    while not any((small.root / ".snakemake/locks").glob("*")):
        assert running.poll() is None
        time.sleep(0.05)
    done = small.call("dvc", "repro")
    assert done.returncode != 0
    assert "Error: Directory cannot be locked" in done.stdout + done.stderr
    assert running.wait() == 0
    assert small.planned() == {}
    small.run("resolute", "seal")
    assert small.verdict() == "Both engines have nothing to do."


DIE_WHILE_LISTING = """
import os
from dvc.cli import main
from dvc.repo import index
write, lists = index._load_data_from_outs, []
def write_half_of_the_second_and_die(data, prefix, outs):
    lists.append(prefix)
    write(data, prefix, list(outs)[::len(lists)])
    if len(lists) == 2:
        os._exit(137)
index._load_data_from_outs = write_half_of_the_second_and_die
main(["pull"])
"""


@pytest.mark.attack
def test_a_pull_that_dies_while_it_lists_what_to_check_out_ends_right(small: Project) -> None:
    clone = unpulled(small)
    assert clone.call(sys.executable, "-c", DIE_WHILE_LISTING).returncode == 137
    clone.run("dvc", "pull")
    assert clone.changed(), "DVC itself no longer takes half a list for the whole: sync need not drop it"
    assert "dvc pull" in clone.run("resolute", "sync")
    clone.run("dvc", "pull")
    clone.run("resolute", "sync")
    assert clone.verdict() == "Both engines have nothing to do."


@pytest.mark.attack
def test_a_pull_that_is_killed_again_and_again_ends_right(small: Project) -> None:
    clone = unpulled(small)
    killed = 0
    for seconds in (0.4, 0.7, 1.0, 1.5, 2.0):  # from before it has read anything on
        pulling = subprocess.Popen(
            ["dvc", "pull", "--jobs", "1"],
            cwd=clone.root,
            env=clone.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            pulling.wait(seconds)
        except subprocess.TimeoutExpired:
            pulling.kill()
            killed += pulling.wait() != 0
    assert killed, "no pull was slow enough to be killed"
    clone.call("dvc", "pull")  # fails where it died as it listed what to check out, and says which files are missing
    clone.run("resolute", "sync")
    clone.run("dvc", "pull")
    clone.run("resolute", "sync")
    assert clone.verdict() == "Both engines have nothing to do."


def unpulled(project: Project) -> Project:
    """A clone without anything that DVC keeps."""
    clone = Project(project.root.parent / "clone")
    project.run("git", "clone", "--quiet", str(project.root), str(clone.root))
    return clone

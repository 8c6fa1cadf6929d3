"""Every stage and every command of the engines against places that are closed, full or damaged: one line, never more.

`python -m pytest tests/engines/test_attacks.py` runs all of it; a full disk is in `test_faults.py` besides.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.engines.conftest import Project
from tests.engines.test_faults import RUN, STAGES

pytestmark = pytest.mark.attack

EVALUATE = f"evaluate imdn_tiny --weights {RUN} --dataset embedded --scale 4"
# What each stage makes: the folder that it writes into, and one of its files.
MADE = {
    "sources": ("data/sources", "train.csv"),
    "fetch embedded": ("data/raw", "embedded.csv"),
    "degrade embedded --scale 4": ("data/lr/embedded", "x4.csv"),
    "patches embedded --hr": ("data/patches/embedded", "hr.json"),
    "patches embedded --scale 4": ("data/patches/embedded", "x4.parquet"),
    "train imdn_tiny --scale 4 --seed 0": ("data/weights/trained/imdn_tiny/x4", f"{RUN}.safetensors"),
    EVALUATE: (f"reports/measurements/quality/imdn_tiny/x4/{RUN}", "embedded.parquet"),
    "profile imdn_tiny --scale 4": ("reports/measurements/cost/imdn_tiny", "x4.parquet"),
    "tables": ("reports", "metrics.json"),
    "figures": ("reports/figures", "psnr_macs.svg"),
    "report": ("reports", "index.html"),
}
# What each stage reads that another one made.
READ = {
    "degrade embedded --scale 4": ["data/raw/embedded.csv", "data/raw/embedded/coffee.png"],
    "patches embedded --hr": ["data/raw/embedded.csv", "data/raw/embedded/brick.png"],
    "patches embedded --scale 4": [
        "data/patches/embedded/hr.json",
        "data/raw/embedded.csv",
        "data/lr/embedded/x4.csv",
        "data/lr/embedded/x4/brick.png",
    ],
    "train imdn_tiny --scale 4 --seed 0": [
        f"data/patches/embedded/{name}" for name in ("hr.json", "hr.npy", "x4.parquet", "x4.npy")
    ],
    EVALUATE: [f"data/weights/trained/imdn_tiny/x4/{RUN}.safetensors"],
    "tables": [f"reports/measurements/quality/imdn_tiny/x4/{RUN}/embedded.parquet"],
    "figures": [
        f"reports/measurements/quality/imdn_tiny/x4/{RUN}/embedded.parquet",
        f"data/weights/trained/imdn_tiny/x4/{RUN}.csv",
    ],
    "report": [
        f"reports/measurements/quality/imdn_tiny/x4/{RUN}/embedded.parquet",
        "reports/results.parquet",
        "reports/tables/ntire2022/table1.html",
        "reports/figures/psnr_macs.svg",
        "reports/figures/training_imdn_tiny-x4-seed0.json",
    ],
}
ENGINES = ("seal", "sync", "status", "mend", "unlock")
# No room for a single byte in any file.
NO_ROOM = ("sh", "-c", 'ulimit -f 0; exec resolute "$@"', "sh")


@pytest.fixture(scope="module")
def victim(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A copy of the small project; every attack puts back what it has taken."""
    root = tmp_path_factory.mktemp("victim") / "checkout"
    shutil.copytree(base / "checkout", root, symlinks=True)
    return Project(root)


def assert_one_line(done: subprocess.CompletedProcess[str]) -> None:
    """A failure that says in one line what it is."""
    said = done.stderr.splitlines()
    assert "Traceback" not in done.stderr
    assert done.returncode not in (0, 130), done.stdout + done.stderr
    assert said and said[-1].startswith("resolute: "), done.stderr
    assert len([line for line in said if line.startswith("resolute: ")]) == 1, done.stderr


@contextmanager
def taken(path: Path) -> Iterator[None]:
    """A path that is free for a block, and as it was after it."""
    away = path.with_name(f"{path.name}.away")
    is_there = path.exists()
    if is_there:
        path.replace(away)
    try:
        yield
    finally:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
        if is_there:
            away.replace(path)


@contextmanager
def closed(folder: Path) -> Iterator[tuple[str, ...]]:
    """A folder in which nothing may be made; yields what a command must be run by so that it holds for root."""
    before = folder.stat().st_mode
    folder.chmod(0o555)
    try:
        yield ("setpriv", "--bounding-set=-dac_override,-dac_read_search", "--") if os.getuid() == 0 else ()
    finally:
        folder.chmod(before)


@pytest.mark.parametrize("command", STAGES)
def test_a_closed_folder(command: str, victim: Project) -> None:
    folder, file = MADE[command]
    with taken(victim.root / folder / file), closed(victim.root / folder) as by:
        assert_one_line(victim.call(*by, "resolute", *command.split()))


@pytest.mark.parametrize("command", STAGES)
def test_no_room(command: str, victim: Project) -> None:
    folder, file = MADE[command]
    with taken(victim.root / folder / file):
        assert_one_line(victim.call(*NO_ROOM, *command.split()))
        assert not (victim.root / folder / file).exists()


@pytest.mark.parametrize("command", STAGES)
def test_a_file_for_a_folder(command: str, victim: Project) -> None:
    folder = victim.root / MADE[command][0]
    with taken(folder):
        folder.write_text("no folder\n")
        assert_one_line(victim.call("resolute", *command.split()))
        assert folder.read_text() == "no folder\n"


@pytest.mark.parametrize("command", STAGES)
def test_a_folder_for_a_file(command: str, victim: Project) -> None:
    path = victim.root.joinpath(*MADE[command])
    with taken(path):
        (path / "kept").mkdir(parents=True)
        assert_one_line(victim.call("resolute", *command.split()))
        assert (path / "kept").is_dir()


@pytest.mark.parametrize(("command", "name"), [(command, name) for command, names in READ.items() for name in names])
@pytest.mark.parametrize("share", [0.0, 0.5, 0.98], ids=["empty", "half", "almost"])
def test_a_truncated_input(command: str, name: str, share: float, victim: Project) -> None:
    path = victim.root / name
    whole = path.read_bytes()
    with taken(path):
        path.write_bytes(whole[: int(share * len(whole))])
        done = victim.call("resolute", *command.split())
    assert_one_line(done)
    assert Path(name).name in done.stderr, done.stderr


@pytest.mark.parametrize("command", ENGINES)
@pytest.mark.parametrize("place", [".snakemake", ".dvc", "work", "workflow/jobs.yaml"])
def test_engines_beside_a_file_for_a_folder(command: str, place: str, victim: Project) -> None:
    path = victim.root / place
    with taken(path):
        path.write_text("\0 nothing of yours")
        done = victim.call("resolute", command)
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) <= 1 + 2 * (command == "mend"), done.stderr
    assert done.returncode in (0, 1)


@pytest.mark.parametrize("command", ENGINES)
@pytest.mark.parametrize("place", [".snakemake", ".dvc", ".dvc/tmp", "work", "workflow"])
def test_engines_beside_a_closed_folder(command: str, place: str, victim: Project) -> None:
    folders = [path for path in ((victim.root / place), *(victim.root / place).rglob("*")) if path.is_dir()]
    modes = {path: path.stat().st_mode for path in folders}
    try:
        for path in folders:
            with closed(path) as by:
                pass
            path.chmod(0o555)
        done = victim.call(*by, "resolute", command)
    finally:
        for path, mode in modes.items():
            path.chmod(mode)
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) <= 1, done.stderr
    assert done.returncode in (0, 1)


@pytest.mark.parametrize("command", ["seal", "sync", "status"])
@pytest.mark.parametrize(
    "name", ["dvc.lock", "dvc.yaml", ".dvc/config", "Snakefile", "params.yaml", "workflow/jobs.yaml"]
)
@pytest.mark.parametrize("content", [b"", b"\xff\xfe\0", b"a: [", b"[]\n"], ids=["empty", "bytes", "broken", "list"])
def test_engines_beside_a_damaged_file(command: str, name: str, content: bytes, victim: Project) -> None:
    path = victim.root / name
    with taken(path):
        path.write_bytes(content)
        done = victim.call("resolute", command)
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) <= 1, done.stderr
    assert done.returncode in (0, 1)

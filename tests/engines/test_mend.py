"""What a run finds out of order, and puts out of its way: `resolute mend`, and what `resolute seal` refuses."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from safetensors.numpy import save_file
from tests.engines.conftest import Project

from resolute.core import atomic, locks, records
from resolute.core.provenance import file_sha256
from resolute.datasets.store import write_table
from resolute.engines import mend
from resolute.engines.mend import set_aside as set_aside_folders
from resolute.images.files import write_png
from resolute.images.zipped import zip_images

PIXELS = np.arange(12 * 12 * 3, dtype=np.uint8).reshape(12, 12, 3)
# An output of every kind, and what writes it.
KINDS: dict[str, Callable[[Path], object]] = {
    "reports/metrics.json": lambda path: path.write_text('{\n  "psnr": {"imdn/x4": 30.1}\n}\n'),
    "data/weights/trained/imdn/x4/paper-seed0.csv": lambda path: path.write_text("step,loss\n100,0.12345\n"),
    "reports/tables/paper/table1.md": lambda path: path.write_text("| method | PSNR |\n| --- | --- |\n"),
    "reports/index.html": lambda path: path.write_text("<!doctype html>\n<title>Report</title>\n"),
    "reports/figures/psnr_macs.svg": lambda path: path.write_text('<svg xmlns="http://www.w3.org/2000/svg"/>\n'),
    "reports/figures/psnr_macs.png": lambda path: write_png(path, PIXELS),
    "reports/figures/psnr_macs.pdf": lambda path: path.write_bytes(b"%PDF-1.4\n1 0 obj\nendobj\n%%EOF\n"),
    "reports/results.parquet": lambda path: pq.write_table(pa.table({"value": [30.1, 31.2]}), path),
    "reports/sr/imdn/x4/paper-seed0/set5.zip": lambda path: zip_images(path, {"baby": PIXELS}),
    "reports/routes/imdn/x4/paper-seed0/set5.zip": lambda path: zip_images(path, {"full/baby": PIXELS[..., 0]}),
    "data/patches/set5/hr.json": lambda path: path.write_text('{"images": []}\n'),
    "data/patches/set5/x4.npy": lambda path: np.save(path, PIXELS),
    "data/weights/trained/imdn/x4/paper-seed0.safetensors": lambda path: save_file({"w": PIXELS}, path),
}


@pytest.fixture
def bare(project: Path) -> Path:
    """A project whose params call for nothing."""
    (project / "params.yaml").write_text("data: {splits: {}}\n")
    return project


def make(path: Path, write: Callable[[Path], object]) -> None:
    """Write a file as another program would, or an older version: it is on no record."""
    path.parent.mkdir(parents=True)
    write(path)
    shutil.rmtree("work/records", ignore_errors=True)


def set_aside() -> dict[str, bytes]:
    """What was set aside, by the names that it had."""
    files = [(path, folder) for folder in set_aside_folders() for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path, folder in files}


@pytest.mark.parametrize("name", KINDS)
def test_what_opens_is_left_alone_and_what_does_not_is_set_aside(
    name: str, bare: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = bare / name
    make(path, KINDS[name])
    whole = path.read_bytes()
    mend()
    assert path.read_bytes() == whole
    assert capsys.readouterr().err == ""
    cut = whole[:-6]
    path.write_bytes(cut)
    mend()
    assert not path.exists()
    assert set_aside() == {name: cut}
    line = capsys.readouterr().err
    assert line.startswith(f"resolute: {name} does not open (")
    assert len(line.splitlines()) == 1


@pytest.mark.parametrize("name", KINDS)
def test_what_a_stage_wrote_is_set_aside_once_it_was_changed(name: str, bare: Path) -> None:
    path = bare / name
    make(path, KINDS[name])
    atomic.write(path, path.read_bytes())
    mend()
    assert path.is_file()
    edited = path.read_bytes() + b"\n"
    path.write_bytes(edited)
    mend()
    assert not path.exists()
    assert set_aside() == {name: edited}


def test_an_empty_file_and_a_folder_do_not_open(bare: Path) -> None:
    (bare / "reports/figures/psnr_macs.svg").mkdir(parents=True)
    (bare / "reports/metrics.json").touch()
    mend()
    assert not (bare / "reports/figures/psnr_macs.svg").exists()
    assert set_aside() == {"reports/metrics.json": b""}


def test_a_file_for_a_folder_is_set_aside(bare: Path) -> None:
    (bare / "data").mkdir()
    (bare / "data/lr").write_text("notes\n")
    (bare / "reports").write_text("more notes\n")
    mend()
    assert set_aside() == {"data/lr": b"notes\n", "reports": b"more notes\n"}


def test_files_of_the_user_are_left_alone(bare: Path) -> None:
    for name in ("reports/notes.html", "reports/figures/mine.ai", "data/raw/README", "data/manual/set.zip"):
        (bare / name).parent.mkdir(parents=True, exist_ok=True)
        (bare / name).write_text("mine")
    mend()
    assert set_aside() == {}


@pytest.fixture
def embedded(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout with the images of the embedded data set."""
    monkeypatch.setenv("PYTHONPATH", str(checkout / "src"))
    for command in ("fetch embedded", "degrade embedded"):
        subprocess.run([Path(sys.executable).parent / "resolute", *command.split()], check=True, capture_output=True)
    return checkout


def flip(path: Path) -> None:
    """Change one bit, and neither size nor time."""
    before, data = path.stat(), bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.slow
def test_images_that_are_not_what_their_manifest_says_are_made_again_and_nothing_is_stale(embedded: Path) -> None:
    images = [embedded / f"data/{folder}/coffee.png" for folder in ("raw/embedded", "lr/embedded/x4")]
    lists = [embedded / f"data/{name}" for name in ("raw/embedded.csv", "lr/embedded/x4.csv")]
    before = {path: (file_sha256(path), path.stat().st_mtime_ns) for path in lists}
    contents = [path.read_bytes() for path in images]
    for path in images:
        flip(path)
    mend()
    assert [path.read_bytes() for path in images] == contents
    assert {path: (file_sha256(path), path.stat().st_mtime_ns) for path in lists} == before
    assert set(set_aside()) == {"data/raw/embedded/coffee.png", "data/lr/embedded/x4/coffee.png"}


def test_images_behind_a_link_are_the_users(bare: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "baby.png").write_bytes(b"theirs")
    (bare / "data/raw").mkdir(parents=True)
    (bare / "data/raw/set5").symlink_to(elsewhere)
    write_table(bare / "data/raw/set5.csv", ("file", "sha256"), [{"file": "baby.png", "sha256": "0" * 64}])
    mend()
    assert (elsewhere / "baby.png").read_bytes() == b"theirs"
    assert set_aside() == {}


ORPHAN = """
import sys
from pathlib import Path
from resolute.core.locks import making
with making(Path("data/weights/trained/imdn/x4/paper-seed0.safetensors").absolute()):
    print("started", flush=True)
    sys.stdin.read()
    Path("finished").touch()
"""


def start_orphan() -> subprocess.Popen[str]:
    """A process that makes an artefact until its standard input ends."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "src")}
    command, pipe = [sys.executable, "-c", ORPHAN], subprocess.PIPE
    process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=environment)
    assert process.stdout and process.stdout.readline() == "started\n"
    return process


def test_a_run_waits_for_a_job_that_outlived_its_snakemake(bare: Path) -> None:
    process = start_orphan()
    waiting = subprocess.Popen(
        [Path(sys.executable).parent / "resolute", "mend"],
        text=True,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "src")},
    )
    assert waiting.stderr
    said = waiting.stderr.readline()
    assert f"process {process.pid} " in said
    assert "data/weights/trained/imdn/x4/paper-seed0.safetensors" in said
    assert waiting.poll() is None
    process.communicate("")
    assert waiting.wait() == 0
    assert Path("finished").exists()
    assert locks.makers() == []


def test_unlock_names_a_job_that_outlived_its_snakemake(bare: Path) -> None:
    process = start_orphan()
    done = subprocess.run(
        [Path(sys.executable).parent / "resolute", "unlock"],
        text=True,
        capture_output=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "src")},
    )
    assert done.stdout.startswith("Snakemake is not locked; ")
    assert f"process {process.pid} " in done.stdout
    process.communicate("")


def test_a_run_with_nothing_wrong_is_fast(bare: Path) -> None:
    for number in range(600):
        path = bare / f"reports/measurements/quality/imdn/x4/paper-seed{number}/set5.parquet"
        path.parent.mkdir(parents=True)
        path.write_bytes(b"PAR1")
        records.remember(path, file_sha256(path))
    began = time.process_time()
    mend()
    assert time.process_time() - began < 0.5
    assert set_aside() == {}


@pytest.mark.slow
def test_seal_believes_only_what_the_stages_wrote(small: Project) -> None:
    path = small.root / "reports/metrics.json"
    right = path.read_text()
    metrics = json.loads(right)
    metrics["psnr"]["imdn_tiny/x4"] = 99.9
    path.write_text(json.dumps(metrics, indent=2) + "\n")
    assert small.planned() == {}
    done = small.call("resolute", "seal")
    assert done.returncode == 1
    assert done.stderr.startswith("resolute: not sealed: reports/metrics.json is not what a stage wrote: ")
    assert len(done.stderr.splitlines()) == 1
    small.run("resolute", "mend")
    small.make()
    assert path.read_text() == right
    assert small.run("resolute", "seal")
    assert small.changed() == set()


@pytest.mark.slow
@pytest.mark.attack
def test_what_dvc_restored_is_left_alone(small: Project) -> None:
    small.edit("params.yaml", "imdn_tiny: {}", "imdn_tiny: {iterations: 6}")
    small.make()
    small.run("resolute", "seal")
    small.run("git", "checkout", "--quiet", "--", ".")
    small.run("dvc", "checkout")
    assert small.run("resolute", "mend") == ""
    small.run("resolute", "sync")
    assert small.verdict() == "Both engines have nothing to do."
    assert not (small.root / "work/set-aside").exists()

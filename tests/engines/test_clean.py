"""What is cleaned away is what can be made again: nothing else, and nothing unsaid."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from resolute.cli import app
from resolute.core import locks

KEPT = (
    "data/raw/embedded.csv",
    "data/lr/embedded/x4.csv",
    "data/patches/embedded/hr.npy",
    "data/weights/trained/imdn_tiny/x4/quick-seed0.safetensors",
    "data/weights/trained/imdn_tiny/x4/bsds-seed0.safetensors",  # of another preset: hours of a GPU
    "data/raw/div8k/0001.png",  # placed by hand
    "work/checkpoints/rfdn_tiny-x4-quick-seed0.pt",  # not ended
    "reports/measurements/quality/bicubic/x4/published-matlab/set5.parquet",
    "work/set-aside/reports/measurements/quality/bicubic/x4/published-matlab/set14.parquet",  # of another preset
    "work/set-aside/params-1.yaml",  # written by hand
)
GONE = (
    "data/raw/set5/img_001.png",
    "data/raw/set5.csv",
    "data/lr/set5/x4/img_001.png",
    "data/lr/set5/x4.csv",
    "data/patches/bsds500/hr.npy",
    "work/checkpoints/imdn_tiny-x4-quick-seed0.pt",
    "work/weights/imdn_tiny/x4/abc.safetensors",
    "work/networks.json",
    "work/set-aside/2026-03-14-150926-abc/reports/tables/ntire2022/table1.csv",  # what `resolute mend` found edited
)


@pytest.fixture
def full(checkout: Path) -> Path:
    for name in (*KEPT, *GONE):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_bytes(bytes(1000))
    return checkout


def test_it_says_what_goes_and_removes_that_alone(full: Path) -> None:
    said = CliRunner().invoke(app, ["clean"])
    assert said.exit_code == 0
    assert "nothing is removed: `resolute clean --yes` does it" in said.output
    for name in ("data/raw/set5", "data/raw/set5.csv", "data/lr/set5/x4", "data/patches/bsds500", "work/weights"):
        assert f"    {name}\n" in said.output
    assert all(Path(name).exists() for name in (*KEPT, *GONE))
    CliRunner().invoke(app, ["clean", "--yes"])
    assert all(Path(name).exists() for name in KEPT)
    assert not any(Path(name).exists() for name in GONE)
    assert "nothing to clean" in CliRunner().invoke(app, ["clean"]).output


def test_not_while_something_is_made(full: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "makers", lambda: [locks.Maker(1, "resolute fetch set5", "data/raw/set5.csv")])
    done = CliRunner().invoke(app, ["clean", "--yes"])
    assert done.exit_code == 1 and "is at work: clean when it has ended" in done.output
    assert all(Path(name).exists() for name in GONE)

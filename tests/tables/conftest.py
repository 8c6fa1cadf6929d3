"""A project with the published figures, and measurements written as the stages write them."""

import csv
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from resolute import measurements

REPOSITORY = Path(__file__).parents[2]
Write = Callable[..., Path]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project root with the repository's published figures; the working directory."""
    (tmp_path / "params.yaml").touch()
    shutil.copytree(REPOSITORY / "data/published", tmp_path / "data/published")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def write(project: Path) -> Write:
    """Writes rows, each completed by the given columns, and returns the file."""
    files = iter(range(1000))

    def write(rows: list[dict[str, Any]], **columns: Any) -> Path:
        path = project / f"reports/measurements/{next(files)}.parquet"
        measurements.write(path, [{"source": "measured", "scale": 4.0, **columns, **row} for row in rows])
        return path

    return write


@pytest.fixture
def challenge_alone(project: Path) -> None:
    """No paper but the challenge: tables of all are made in seconds, and few tests are about all."""
    for paper in (project / "data/published").glob("*/"):
        if paper.name != "ntire2022":
            shutil.rmtree(paper)


@pytest.fixture
def official_counts(write: Write, challenge_alone: None) -> list[Path]:
    """What the challenge's own counter says of its networks, as the stage `profile` writes it."""
    with (REPOSITORY / "tests/data/tables/ntire2022_counts.csv").open(newline="") as file:
        networks = list(csv.DictReader(file))
    files = []
    for network in networks:
        rows = [
            {
                "metric": metric,
                "protocol": "flops_ntire2022" if metric == "flops" else "",
                "value": float(value),
            }
            for metric, value in network.items()
            if metric != "method"
        ]
        rows.append({"metric": "params_ntire2022", "value": float(network["params"])})
        files.append(write(rows, method=network["method"], lr_size="256x256"))
    return files

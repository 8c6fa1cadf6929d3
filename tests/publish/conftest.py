"""A project with two papers and with what a real run measured of five networks, and its site."""

import os
import shutil
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
import yaml

from resolute import measurements, params
from resolute.cli import main
from resolute.core import layout
from resolute.core.layout import Run
from resolute.params import presets
from resolute.tables import make_tables

REPOSITORY = Path(__file__).parents[2]
MEASURED = REPOSITORY / "tests/data/publish/measured.csv"
PAPERS = ("ntire2022", "seemore")
METHODS = ["bicubic", "carn_m", "imdn", "pan", "rlfn_team04"]
DATE = "2026-01-31"


def write_params() -> dict[str, object]:
    """Params that call for what is measured."""
    settings = presets.resolve("bench")
    sets = ["set5", "set5_edsr"]
    settings["data"] = {"sets": sets, "train": [], "test": sets, "splits": {name: ["test"] for name in sets}}
    counted = METHODS[1:]
    settings["methods"] = {"published": METHODS, "trained": [], "counted": counted, "timed": counted}
    settings["figures"] |= {"comparisons": {}, "settings": {}, "gains": {}}
    settings["evaluate"]["keep"] = {}
    Path("params.yaml").write_text(yaml.safe_dump(settings))
    return params.load()


def write_measurements() -> None:
    """The files of the stages `evaluate` and `profile`, of the means that a run had."""
    text = ["method", "weights", "training_data", "dataset", "protocol", "lr_size", "metric", "unit", "device"]
    rows = pd.read_csv(MEASURED, dtype=dict.fromkeys(text, str), keep_default_na=False).assign(source="measured")
    written: dict[Path, list[measurements.Record]] = defaultdict(list)
    for row in measurements.records(rows):
        quality = layout.quality(Run(row["method"], 4.0, row["weights"]), row["dataset"])
        written[quality if row["dataset"] else layout.cost(row["method"], 4.0)].append(row)
    for path, found in written.items():
        measurements.write(path, found)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The working directory, with up-to-date results."""
    root, before = tmp_path_factory.mktemp("project"), Path.cwd()
    shutil.copytree(REPOSITORY / "workflow", root / "workflow")
    for name in PAPERS:
        shutil.copytree(REPOSITORY / "data/published" / name, root / "data/published" / name)
    shutil.copy(REPOSITORY / "data/published/tolerances.yaml", root / "data/published")
    os.chdir(root)
    settings = write_params()
    write_measurements()
    make_tables(params.measurements(settings), "y_basicsr")
    yield root
    os.chdir(before)


def resolute(*arguments: str) -> None:
    """The command line, in this process: whoever asks for help, or makes a mistake, ends with an exit status."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["resolute", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
    assert not ended.value.code, ended.value.code


@pytest.fixture(scope="module")
def site(project: Path) -> Path:
    resolute("publish", "--date", DATE)
    return project / "reports/site"

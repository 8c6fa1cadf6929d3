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
from resolute.params import jobs, presets
from resolute.profile.exported import write_rows
from resolute.tables import make_tables

REPOSITORY = Path(__file__).parents[2]
MEASURED = REPOSITORY / "tests/data/publish/measured.csv"
PAPERS = ("ntire2022", "seemore")
METHODS = ["bicubic", "carn_m", "imdn", "pan", "rlfn_team04"]
DATE = "2026-01-31"
GRAPH, REFUSED = "imdn", "pan"  # exported, and said to be refused


def write_params() -> dict[str, object]:
    """Params that call for what is measured."""
    settings = presets.resolve("bench")
    sets = ["set5", "set5_edsr"]
    settings["data"] = {"sets": sets, "train": [], "test": sets, "splits": {name: ["test"] for name in sets}}
    counted = METHODS[1:]
    settings["methods"] = {"published": METHODS, "trained": [], "counted": counted, "timed": counted}
    settings["methods"]["onnxruntime"] = [GRAPH, REFUSED]
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
    ran = {"scale": 4.0, "lr_size": "256x256", "device": "A CPU", "threads": 2, "onnxruntime": "1.30"}
    for name, latency, why in ((GRAPH, 93.75, None), (REFUSED, None, "no operator for it")):
        graph = {**ran, "method": name, "latency_ms_onnxruntime": latency, "parity_error": None, "refused": why}
        write_rows(jobs.cost("onnxruntime", name, 4.0), graph)


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

"""Mutated artefacts of the stages, and mutated files that git keeps, through whatever reads them."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.fuzz.mutations import attack, wanted
from tests.report.conftest import RUNS, SVG, comparison, operating, training

from resolute import measurements
from resolute.core import layout
from resolute.core.layout import Run, Span, Weights
from resolute.core.reading import reading
from resolute.figures.difficulty import histogram_data, overlay, read_index
from resolute.figures.style import style
from resolute.figures.training import read_log, thinned
from resolute.images.zipped import unzip_image, zip_images
from resolute.measurements import titles
from resolute.pages.cost import cost_rows
from resolute.pages.errata import errata
from resolute.pages.handed import figure_data, table
from resolute.pages.origin import origin
from resolute.published import read_errata, read_ranking
from resolute.published.results import read_results
from resolute.report.embed import embed
from resolute.report.operating import panel
from resolute.report.published import published
from resolute.report.quality import quality_tables
from resolute.report.training import spent
from resolute.tables import make_tables, paper_tables, read_recorded

REPOSITORY = Path(__file__).parents[2]
RUN = Run("rlfn_tiny", 4.0, "quick-seed0")
TRAINED = Weights("rlfn_tiny", Span.at(4.0), "quick-seed0")
HISTOGRAM = {"title": "8", "size": 32, "edges": [0, 1, 2], "counts": [[3, 1]], "colours": ["#000000"]}
FIGURES = "reports/figures"
TABLE = "reports/tables/seemore/table3"
PAPER = "data/published/seemore"


def show(path: Path) -> None:
    """What tables and report make of a measurement file."""
    means = measurements.over_seeds(measurements.at_own_size(measurements.means(measurements.read(path))))
    quality_tables(means), cost_rows(means), titles.timing([path]), origin([path])


def draw_index(path: Path) -> None:
    with reading(path):
        index = read_index(path, "photo", 200)
    with style():
        histogram_data(index, "set")
        if "photo" in set(index["image"]):
            overlay(index, np.zeros((112, 144, 3), np.uint8), "photo", "set")


def draw_log(path: Path) -> None:
    with reading(path):
        thinned(read_log(path, 29))


def judge(path: Path) -> None:
    paper_tables("seemore", [], "table3")


def read_both_ways(path: Path) -> None:
    """As the tables and as the report do."""
    read_errata(path)
    errata()


def tell(path: Path) -> None:
    published([layout.project_root() / f"{TABLE}.html"], read_results(path))


# By the file that is mutated: what reads it.
READERS: dict[str, Callable[[Path], object]] = {
    "reports/measurements/all.parquet": show,
    "data/reference/device/all.parquet": show,
    "reports/results.parquet": tell,
    "data/patches/index.parquet": draw_index,
    f"data/weights/trained/rlfn_tiny/x4/{RUN.weights}.csv": draw_log,
    f"data/weights/trained/rlfn_tiny/x4/{RUN.weights}.times.csv": lambda _: spent(TRAINED, 2),
    "reports/sr/images.zip": lambda path: unzip_image(path, "photo"),
    f"{FIGURES}/psnr_macs.svg": embed,
    f"{FIGURES}/training_a.json": figure_data,
    f"{FIGURES}/patch_difficulty_a.json": figure_data,
    f"{FIGURES}/comparison_a.json": figure_data,
    f"{FIGURES}/settings_a.json": lambda path: panel(figure_data(path)),
    f"{TABLE}.html": table,
    "data/recorded/seemore.csv": lambda _: read_recorded("seemore"),
    f"{PAPER}/table3.csv": judge,
    f"{PAPER}/table3.yaml": judge,
    f"{PAPER}/errata.csv": read_both_ways,
    "data/published/tolerances.yaml": judge,
    "data/published/ntire2022/rankings.yaml": read_ranking,
}


@pytest.fixture
def artefacts(sound: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with one file of every kind, all of them sound; the working directory."""
    monkeypatch.chdir(sound)
    return sound


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    project = tmp_path_factory.mktemp("artefacts")
    (project / "params.yaml").touch()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(project)
        make_all(project)
    return project


def make_all(project: Path) -> None:
    (project / "data/published").mkdir(parents=True)
    for part in ("seemore", "ntire2022"):
        shutil.copytree(REPOSITORY / "data/published" / part, project / "data/published" / part)
    shutil.copy(REPOSITORY / "data/published/tolerances.yaml", project / "data/published")
    shutil.copytree(REPOSITORY / "data/recorded", project / "data/recorded")
    make_tables([], "y_basicsr")
    rows = [{**row, "device": "A CPU"} for row in RUNS]
    for name in ("reports/measurements/all.parquet", "data/reference/device/all.parquet"):
        measurements.write(project / name, rows, device="A CPU", threads=2, precision="float32")
    zip_images(project / "reports/sr/images.zip", {"photo": np.full((8, 9, 3), 7, np.uint8)})
    places = {"row": [0, 8, 16], "column": [0, 8, 0], "size": 8, "category": [1, 2, 2], "difficulty": [0.5, 1.5, 2.5]}
    scores = {"edge": [1.0, 2.0, 3.0], "informative": [30.0, 20.0, 25.0]}
    index = pd.DataFrame({"image": ["photo", "photo", "other"], **places, **scores})
    log = pd.DataFrame({"step": range(1, 30), "loss": np.linspace(1, 0.1, 29)})
    (project / "data/patches").mkdir()
    index.to_parquet(project / "data/patches/index.parquet")
    layout.training_log(TRAINED).parent.mkdir(parents=True)
    log.to_csv(layout.training_log(TRAINED), index=False)
    layout.training_times(TRAINED).write_text("step,seconds,cpu_joules,gpu_joules\n1,1.5,,3\n2,2.5,,4\n")
    (project / FIGURES).mkdir()
    (project / f"{FIGURES}/psnr_macs.svg").write_text(SVG)
    drawn = {
        "training_a": training("T"),
        "settings_a": operating("S", "T"),
        "patch_difficulty_a": HISTOGRAM,
        "comparison_a": comparison("S", "T"),
    }
    for name, facts in drawn.items():
        (project / f"{FIGURES}/{name}.json").write_text(json.dumps(facts))


def attacked(path: Path, count: int) -> None:
    """Every mutation of a file is read, or refused in one line; and the file as it is is read."""
    reader, whole = READERS[path.relative_to(layout.project_root()).as_posix()], path.read_bytes()
    reader(path)

    def read(data: bytes) -> None:
        path.write_bytes(data)
        reader(path)

    outcomes = attack(read, {path.name: whole}, count)
    path.write_bytes(whole)
    assert not outcomes.unclean, f"{path.name}: {outcomes}"
    assert outcomes.counts["refused"] > count / 20, "the mutations hardly damage anything"


@pytest.mark.parametrize("name", READERS)
def test_a_mutated_artefact_is_read_or_refused_in_one_line(name: str, artefacts: Path) -> None:
    attacked(artefacts / name, wanted(380) // len(READERS))


@pytest.mark.attack
@pytest.mark.parametrize("name", READERS)
def test_ten_thousand_mutated_artefacts(name: str, artefacts: Path) -> None:
    attacked(artefacts / name, -(-wanted(10_000) // len(READERS)))

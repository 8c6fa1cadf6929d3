"""Every way from one engine to the other, with real git, DVC and Snakemake: both end with nothing to do.

The base is made by Snakemake and sealed. A test says what each engine calls stale after an edit or a checkout, and
that one run, one `seal` or one `sync` later neither finds anything.
"""

import json
import re
from pathlib import Path

import pytest
import yaml
from tests.engines.conftest import METHODS, Project

pytestmark = pytest.mark.slow

TRAIN = "train@imdn_tiny-x4-seed0"
CURVE = "training_figures@imdn_tiny-x4-seed0"
EVALUATE = "evaluate_trained@imdn_tiny-x4-seed0-embedded"
RECIPE = "+recipes.imdn_tiny.iterations=6"
# What an edit of one method calls for: the method, and what shows all methods.
ONE_METHOD = {"train": 1, "training_figures": 1, "evaluate": 1, "tables": 1, "figures": 1, "report": 1}
SOURCES = "sources"  # the stage without a rule; recipes decide what trainings run
RAN = {SOURCES, TRAIN, CURVE, EVALUATE, "tables", "figures", "report"}
# The report shows all params, so that DVC sees an edit there too.
STALE = {SOURCES, TRAIN, "report"}
# Sources, fetch, degrade, both packs, the baseline, tables, figures, report; and four of every method.
STAGES = 9 + 4 * len(METHODS)


def edit_recipe(project: Project, iterations: int = 6) -> None:
    """Give IMDN its own number of iterations, as a user would in an editor."""
    project.edit("params.yaml", "imdn_tiny: {}", f"imdn_tiny: {{iterations: {iterations}}}")


def assert_agreed(project: Project) -> None:
    assert project.changed() == set()
    assert project.planned() == {}


def test_row_0_snakemake_from_nothing_then_seal(base: Path, small: Project) -> None:
    sealing = json.loads((base / "sealing.json").read_text())
    stages = set(small.run("dvc", "stage", "list", "--name-only").split())
    assert set(sealing["changed"]) == stages
    assert len(stages) == STAGES
    assert sealing["planned"] == {}
    assert sealing["sealed"].startswith(f"sealed {STAGES} stages")
    # Sealing leaves times in the DAG's order: in another one Snakemake reads all inputs whenever it plans.
    kinds = ("measurements/**/*.parquet", "tables/*/*", "index.html")
    times = [[path.stat().st_mtime_ns for path in (small.root / "reports").glob(kind)] for kind in kinds]
    assert max(times[0]) < min(times[1]) and max(times[1]) < min(times[2])
    assert "nothing to seal" in small.run("resolute", "seal")
    assert small.verdict() == "Both engines have nothing to do."


def test_row_1_dvc_after_snakemake_runs_nothing(small: Project) -> None:
    assert small.reproduce() == []
    assert_agreed(small)


@pytest.mark.attack  # row 3 edits a param too, for the other engine
def test_row_2_an_edited_param_then_dvc(small: Project) -> None:
    edit_recipe(small)
    assert small.changed() == STALE
    assert small.planned() == ONE_METHOD
    before = [small.trained(method) for method in METHODS]
    assert set(small.reproduce()) == RAN
    moved = [small.trained(method) != time for method, time in zip(METHODS, before, strict=True)]
    assert moved == [True, False]
    assert_agreed(small)


def test_rows_3_7_and_8_an_edited_param_then_snakemake_then_revisions(small: Project) -> None:
    edit_recipe(small)
    small.make()
    assert small.planned() == {}
    assert small.changed() == RAN
    # Row 3b: without `seal`, DVC would train once more what Snakemake has trained.
    assert f"Running stage '{TRAIN}'" in small.run("dvc", "repro", "--dry")
    assert "sealed 7 stages" in small.run("resolute", "seal")
    small.commit("edited")

    small.run("git", "checkout", "--quiet", "HEAD~1")  # row 7
    small.run("dvc", "checkout")
    assert small.changed() == set()
    assert small.planned() == ONE_METHOD
    assert "synced" in small.run("resolute", "sync")
    assert_agreed(small)

    small.run("git", "checkout", "--quiet", "-")  # row 8
    small.run("dvc", "checkout")
    small.run("resolute", "sync")
    assert_agreed(small)


@pytest.mark.attack  # rows 2 and 5 show the halves of it
def test_row_4_an_edited_source_file_then_dvc(small: Project) -> None:
    small.add_comment("src/resolute/models/imdn.py")
    profile = "profile_counted@imdn_tiny-x4"
    assert small.changed() == {SOURCES}
    assert small.planned() == {**ONE_METHOD, "profile": 1}
    assert small.changed() == {SOURCES, TRAIN, EVALUATE, profile}  # Snakemake has brought the lists up to date
    ran = set(small.reproduce())
    # Where the edit changes no result, DVC stops at what it changed; Snakemake is told as much.
    assert {TRAIN, EVALUATE, profile} <= ran <= RAN | {profile}
    small.run("resolute", "sync")
    assert_agreed(small)


def test_row_5_an_edited_source_file_then_snakemake(small: Project) -> None:
    small.add_comment("src/resolute/report/make.py")
    small.make()
    assert small.planned() == {}
    assert small.changed() == {SOURCES, "report"}  # whose bytes are the same
    assert "sealed 2 stages" in small.run("resolute", "seal")
    assert_agreed(small)


def test_row_6_a_touched_source_file_changes_nothing(small: Project) -> None:
    (small.root / "src/resolute/models/imdn.py").touch()
    (small.root / "src/resolute/models/blocks/post_upsampling.py").touch()
    assert_agreed(small)


def test_rows_9_and_11_a_clone_pulls_syncs_and_then_edits(small: Project) -> None:
    clone = small.clone("clone")
    # DVC restores files in no order; this one last is one of the orders that mislead Snakemake.
    (clone.root / "data/raw/embedded.csv").touch()
    assert clone.changed() == set()
    assert clone.planned() == {
        **ONE_METHOD,
        "degrade": 1,
        "pack_hr": 1,
        "patches": 1,
        "train": len(METHODS),
        "training_figures": len(METHODS),
        "evaluate": 1 + len(METHODS),
    }
    assert "synced" in clone.run("resolute", "sync")
    assert not (clone.root / "work/logs/warm.log").exists(), "no job ran, and what jobs begin in was started"
    assert_agreed(clone)
    edit_recipe(clone)  # row 11
    assert clone.changed() == STALE
    assert clone.planned() == ONE_METHOD


@pytest.mark.attack
def test_row_10_a_clone_that_is_edited_before_sync(small: Project) -> None:
    clone = small.clone("clone")
    edit_recipe(clone)
    assert clone.changed() == STALE
    assert "6 stages are stale and stay so" in clone.run("resolute", "sync")
    assert clone.planned() == ONE_METHOD
    # The edit taken back: Snakemake has no record yet of what it was not told.
    edited = "imdn_tiny: {iterations: 6}"
    clone.edit("params.yaml", edited, "imdn_tiny: {}")
    assert clone.changed() == set()
    clone.run("resolute", "sync")
    assert_agreed(clone)


@pytest.mark.attack  # row 13, and tests/engines/test_experiments.py
def test_rows_12_and_14_a_temporary_experiment_that_is_applied(small: Project) -> None:
    text = small.run("dvc", "exp", "run", "--temp", "--name", "longer", "--set-param", RECIPE)
    assert set(re.findall(r"Running stage '(.+)':", text)) == RAN
    assert_agreed(small)
    small.run("dvc", "exp", "apply", "longer")  # row 14
    assert yaml.safe_load((small.root / "params.yaml").read_text())["recipes"]["imdn_tiny"] == {"iterations": 6}
    assert small.changed() == set()
    assert small.planned() == ONE_METHOD
    assert "synced" in small.run("resolute", "sync")
    assert_agreed(small)


def test_row_13_an_experiment_in_the_workspace(small: Project) -> None:
    text = small.run("dvc", "exp", "run", "--set-param", "checkpoints.every=6")
    assert re.findall(r"Running stage '(.+)':", text) == ["report"]
    assert_agreed(small)


@pytest.mark.attack
def test_row_15_queued_experiments_run_what_was_queued(small: Project) -> None:
    small.run("dvc", "exp", "run", "--queue", "--set-param", "checkpoints.every=6,7")
    source = small.root / "src/resolute/report/make.py"
    text = source.read_text()
    source.write_text("raise SystemError('the code of the workspace, not that of the experiment')\n")
    small.run("dvc", "exp", "run", "--run-all")
    source.write_text(text)
    assert len(small.run("dvc", "exp", "list", "--name-only").split()) == 2
    assert_agreed(small)

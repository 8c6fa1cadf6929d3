"""The DAG with real Snakemake: what is in it, and that it does what an edit calls for and no more."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from resolute import params
from resolute.engines.tools import planned_jobs
from resolute.params import jobs, presets

REPOSITORY = Path(__file__).parents[2]


def snakemake(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    return subprocess.run(
        [sys.executable, "-m", "snakemake", "--cores", "2", *arguments],
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
        env=environment,
    )


def planned(*options: str) -> dict[str, int]:
    """How many jobs of each rule a run would do now."""
    done = snakemake("-n", "--quiet", "rules", *options)
    assert done.returncode == 0, done.stderr
    table = (done.stdout + done.stderr).rpartition("Job stats:")[2]
    found = {name: int(count) for name, count in re.findall(r"^(\w+) +(\d+)$", table, re.MULTILINE)}
    found.pop("total", None)
    found.pop("all", None)
    return found


def edit_params(**changes: object) -> None:
    path = Path("params.yaml")
    content = yaml.safe_load(path.read_text())
    for key, value in changes.items():
        section, _, name = key.partition("__")
        if name:
            content[section][name] = value
        else:
            content[section] = value
    path.write_text(yaml.safe_dump(content))
    jobs.write(params.load())


def test_params_are_the_quick_preset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(REPOSITORY)
    assert params.load() == presets.resolve("quick")
    jobs.check(params.load())


@pytest.mark.slow
def test_the_catalogs_snakefile_is_the_same_workflow(checkout: Path) -> None:
    others = planned("--snakefile", "workflow/Snakefile")
    assert others.pop("whole") == 1
    assert others == planned()


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        *("quick", "bench"),
        *(
            pytest.param(name, marks=pytest.mark.attack)
            for name in ("bsds", "lightweight", "paper", "wbsr_claims", "wbsr_classes")
        ),
    ],
)
def test_every_preset_is_valid_and_makes_a_dag(name: str, checkout: Path) -> None:
    presets.write(name)
    planned_jobs = planned()
    settings = params.load()
    called_for = jobs.derive(settings)
    assert planned_jobs["report"] == planned_jobs["tables"] == planned_jobs["figures"] == 1
    assert planned_jobs.get("patch_figures", 0) == len(settings["figures"]["photographs"])
    assert planned_jobs.get("comparison_figures", 0) == len(settings["figures"]["comparisons"])
    assert planned_jobs.get("gain_figures", 0) == len(settings["figures"]["gains"])
    assert planned_jobs.get("curve_figures", 0) == len(called_for["curves"]["all"])
    assert planned_jobs.get("classes_figures", 0) == len(called_for["classes"]["all"])
    assert planned_jobs.get("lineage_figures", 0) == len(called_for["lineage"]["all"])
    assert planned_jobs.get("shares_figures", 0) == len(called_for["shares"]["all"])
    assert planned_jobs.get("settings_figures", 0) == len(called_for["maps"]["all"])
    assert planned_jobs.get("operating_points", 0) == len(called_for["points"]["all"])
    assert planned_jobs.get("training_figures", 0) == len(called_for["weights"]["trained"])
    assert planned_jobs["fetch_images"] == len(settings["data"]["sets"])
    assert planned_jobs.get("train", 0) == len(called_for["weights"]["trained"])
    assert planned_jobs.get("fetch_weights", 0) == len(called_for["weights"]["published"])
    assert planned_jobs["degrade"] == len(called_for["reductions"]["all"])
    packs = called_for["packs"]
    assert planned_jobs.get("pack_hr", 0) == len(packs["hr"]) + len(packs["union_hr"])
    assert planned_jobs.get("patches", 0) == len(packs["lr"]) + len(packs["union_lr"])
    assert planned_jobs.get("score_patches", 0) == len(called_for["scores"]["trained"])
    assert planned_jobs["evaluate"] == sum(len(group) for group in called_for["evaluations"].values())
    assert planned_jobs["profile"] == sum(len(group) for group in called_for["costs"].values())


@pytest.mark.slow
def test_wrong_params_and_config_are_refused_before_anything_runs(checkout: Path) -> None:
    text = (checkout / "params.yaml").read_text()
    wrong = text.replace("trained: [imdn_tiny,", "trained: [imdn_tinny,")
    assert wrong != text
    (checkout / "params.yaml").write_text(wrong)
    done = snakemake("-n", "all")
    assert done.returncode != 0
    assert "unknown method 'imdn_tinny': did you mean 'imdn_tiny'" in done.stderr + done.stdout
    (checkout / "params.yaml").write_text(text)
    done = snakemake("-n", "all", "--config", "seeds=3")
    assert done.returncode != 0
    assert "jobs read params.yaml, not --config" in done.stderr + done.stdout


@pytest.mark.slow
def test_a_data_set_that_cannot_be_had_stops_with_one_line(checkout: Path) -> None:
    splits = {"embedded": ["train", "test"], "manga109": ["test"]}
    sets = ["embedded", "manga109"]
    edit_params(data={"sets": sets, "splits": splits, "train": ["embedded"], "test": sets})
    done = snakemake("data/raw/manga109.csv")
    assert done.returncode != 0
    assert "resolute: data set 'manga109' is placed by hand" in done.stderr


@pytest.fixture
def finished(checkout: Path) -> Path:
    """A checkout that Snakemake takes for finished: every file of the DAG is there, with nothing in it."""
    listed = snakemake("--summary", "--quiet")
    assert listed.returncode == 0, listed.stderr
    for line in listed.stdout.splitlines()[1:]:
        path = Path(line.split("\t")[0])
        (path if path.suffix else path / "of").parent.mkdir(parents=True, exist_ok=True)
        if path.suffix:
            path.touch()
    assert snakemake("--touch", "--quiet", "all").returncode == 0
    return checkout


@pytest.mark.slow
def test_results_deleted_by_hand_are_made_again(finished: Path) -> None:
    """Tables and figures, on which little depends, and then what everything was made from."""
    assert planned() == {}
    shutil.rmtree("reports/tables")
    for path in ("results.parquet", "psnr_macs.csv", *(f"figures/psnr_macs.{form}" for form in ("svg", "png", "pdf"))):
        Path("reports", path).unlink()
    assert planned() == {"tables": 1, "figures": 1, "report": 1}
    for lost in (
        "reports/sr/bicubic/x4/*/*.zip",
        "reports/measurements/quality/rlfn_tiny/x4/*/*.parquet",
        "reports/measurements/cost/rlfn_tiny/*.parquet",
        "data/weights/trained/imdn_tiny/x4/*-seed0.csv",
    ):
        (made,) = Path().glob(lost)
        made.unlink()
    found = planned()
    assert (found["train"], found["profile"]) == (1, 1)
    assert found["evaluate"] == 3  # the two that are lost, and that of the training


@pytest.mark.slow
@pytest.mark.parametrize(
    "line", ["seeds: [1e3]", "seeds: [0]\nseeds: [1]", "seeds: [.nan]", "seeds: [18446744073709551616]"]
)
def test_params_that_cannot_be_right_are_refused_before_anything_is_planned(checkout: Path, line: str) -> None:
    Path("params.yaml").write_text(Path("params.yaml").read_text().replace("seeds: [0]", line))
    done = snakemake("-n", "--quiet", "rules")
    assert done.returncode == 1
    assert re.search(r"params\.yaml(, line \d+)?: .*seeds|beyond all numbers", done.stdout + done.stderr)
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.slow
def test_a_home_that_cannot_be_written_stops_no_command_that_asks_snakemake(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("file").touch()
    monkeypatch.setenv("HOME", str(checkout / "file/home"))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert planned_jobs()["reports/index.html"] == "report"

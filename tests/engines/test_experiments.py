"""Experiments with real DVC: they redo what they must, and what DVC shows of them can be read."""

import csv
import io
import json
import re
import shutil
import subprocess
from collections.abc import Callable

import pytest
from tests.engines.conftest import METHODS, Project

pytestmark = pytest.mark.slow

AFTER_TRAINING = {"sources", "train", "training_figures", "evaluate_trained", "tables", "figures", "report"}
# The command of docs/dvc.md.
SHOW = ("dvc", "exp", "show", "--only-changed", "--drop", "(src|data|reports)/.*")
PSNR = {f"psnr.{method}/x4/small-seed0.embedded" for method in METHODS}


def stages_run(output: str) -> set[str]:
    """The families of the stages that DVC says it ran."""
    return set(re.findall(r"Running stage '(\w+)", output))


def shown(run: Callable[..., str]) -> dict[str, dict[str, str]]:
    """The rows of `dvc exp show` by their name."""
    rows = csv.DictReader(io.StringIO(run(*SHOW, "--csv")))
    return {row["Experiment"] or row["rev"]: row for row in rows}


@pytest.mark.attack  # row 13 of test_rows.py runs an experiment too
def test_an_experiment_redoes_what_it_must_and_reads_well(small: Project) -> None:
    output = small.run("dvc", "exp", "run", "--name", "longer", "-S", "train.iterations=6")
    assert stages_run(output) == AFTER_TRAINING
    assert small.verdict() == "Both engines have nothing to do."

    rows = shown(small.run)
    assert rows["longer"]["train.iterations"] == "6"
    assert {row["train.iterations"] for row in rows.values()} == {"5", "6"}
    assert all(len({row[name] for row in rows.values()} - {""}) == 2 for name in PSNR)
    # Nothing but what distinguishes the experiments, and no file's checksum.
    assert {name for name in rows["longer"] if name.startswith(("src/", "data/", "reports/"))} == set()
    assert {name for name in rows["longer"] if "." in name} == {*PSNR, "train.iterations"}

    changed = json.loads(small.run("dvc", "metrics", "diff", "--json"))
    assert set(changed) == {"reports/metrics.json"}
    assert set(changed["reports/metrics.json"]) == PSNR
    assert json.loads(small.run("dvc", "params", "diff", "--json")) == {
        "params.yaml": {"train.iterations": {"old": 5, "new": 6, "diff": 1}}
    }


@pytest.mark.attack  # row 15 of test_rows.py queues experiments too
def test_a_queued_experiment_runs_the_source_it_was_queued_with(small: Project) -> None:
    source = "src/resolute/tables/make.py"
    small.edit(source, 'round(row["value"], 4)', 'round(row["value"], 1)')
    small.run("dvc", "exp", "run", "--queue", "--name", "rounded")
    small.run("git", "checkout", "--quiet", source)
    small.run("dvc", "exp", "run", "--run-all")
    assert small.verdict() == "Both engines have nothing to do."  # the workspace has not seen any of it
    changed = json.loads(small.run("dvc", "metrics", "diff", "--json", "HEAD", "rounded"))
    for values in changed["reports/metrics.json"].values():
        assert values["new"] == round(values["old"], 1)

    small.run("dvc", "exp", "apply", "rounded")
    small.run("resolute", "sync")
    assert small.verdict() == "Both engines have nothing to do."


def test_plots_are_one_page_that_asks_no_network_for_anything(small: Project) -> None:
    log = "data/weights/trained/imdn_tiny/x4/small-seed0.csv"
    text = (small.root / log).read_text()
    (small.root / log).write_text(text.replace("\n5,0,0.", "\n5,0,1."))
    small.run("dvc", "plots", "diff", "HEAD", "workspace")
    page = (small.root / "dvc_plots/index.html").read_text()
    assert not re.search(r"<(script|link|iframe)[^>]*\b(src|href)=", page)
    for data in ('"rev": "HEAD"', '"rev": "workspace"', "imdn_tiny x4, seed 0", "Mean PSNR against multiply-adds"):
        assert data in page


@pytest.mark.browser
def test_a_browser_draws_the_plots_without_a_network(small: Project) -> None:
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if not chromium:
        pytest.skip("no Chromium is installed")
    small.run("dvc", "plots", "show")
    command = [
        chromium, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
        f"--user-data-dir={small.root}-profile", "--host-resolver-rules=MAP * ~NOTFOUND",
        "--virtual-time-budget=8000", "--dump-dom", f"file://{small.root}/dvc_plots/index.html",
    ]  # fmt: skip
    drawn = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout
    assert drawn.count("<canvas") == len(METHODS) + 1  # the training curves, and quality against cost

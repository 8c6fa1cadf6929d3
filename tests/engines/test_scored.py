"""Trainings that draw by what another training has made: in order, and both engines of one mind about it."""

import signal
import subprocess
import time
from pathlib import Path

import pytest
import yaml
from tests.engines.conftest import LONGEST, SMALL, Project, copy_parts

PLACE = "data/patches/embedded/x4/srresnet_tiny/small-seed0.parquet"
CLASSES = ("easy", "medium", "hard")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A checkout that trains ClassSR, and the network that scores its patches."""
    project = Project(tmp_path / "checkout")
    copy_parts(project.root)
    preset = {**yaml.safe_load((project.root / "workflow/presets/quick.yaml").read_text()), **SMALL}
    preset["methods"] = {"published": [], "trained": ["classsr_tiny", "srresnet_tiny"], "counted": [], "timed": []}
    phases = [
        {"trains": [f"network.branches.{number}"], "sampler": {"psnr_class": {"of": of, "thresholds": "terciles"}}}
        for number, of in enumerate(CLASSES)
    ]
    phases += [{"trains": ["network.classifier"]}, {}]
    preset["recipes"] = {"classsr_tiny": {"scored_by": "srresnet_tiny", "phases": phases}}
    preset["figures"] = {**preset["figures"], "comparisons": {}}
    (project.root / "workflow/presets/small.yaml").write_text(yaml.safe_dump(preset))
    project.run("resolute", "preset", "small")
    project.run("git", "init", "--quiet")
    return project


@pytest.mark.attack
def test_patches_are_scored_after_one_training_and_before_the_other_in_both_engines(project: Project) -> None:
    project.make()
    assert project.planned() == {}
    project.run("resolute", "seal")
    assert project.changed() == set()
    scored = project.root / PLACE
    before = scored.read_bytes()

    project.edit("params.yaml", "srresnet_tiny: {}", "srresnet_tiny: {iterations: 6}")
    project.run("resolute", "jobs")
    stale = {"train": 2, "score_patches": 1, "evaluate": 2}
    assert stale.items() <= project.planned().items()
    ran = project.reproduce()
    chain = ["train@srresnet_tiny-x4-seed0", "score_patches@srresnet_tiny-x4-seed0-embedded"]
    order = [ran.index(stage) for stage in (*chain, "train_scored@classsr_tiny-x4-seed0")]
    assert order == sorted(order)
    assert scored.read_bytes() != before
    assert project.changed() == set()
    project.run("resolute", "sync")
    assert project.planned() == {}

    scored.unlink()
    again = project.call("resolute", "train", "classsr_tiny")
    assert again.returncode == 1
    assert f"{PLACE} is not there: run `resolute patches embedded --scale 4 --scored-by srresnet_tiny" in again.stderr


@pytest.mark.attack
def test_a_training_that_is_killed_in_several_of_its_phases_ends_as_if_it_had_not_been(project: Project) -> None:
    params = project.root / "params.yaml"
    params.write_text(params.read_text().replace("iterations: 5", "iterations: 40").replace("every: 200", "every: 7"))
    project.run("snakemake", "--cores", "2", "--quiet", "all", "--", PLACE)
    command = ("resolute", "train", "classsr_tiny")
    weights = project.root / "data/weights/trained/classsr_tiny/x4/small-seed0.safetensors"
    checkpoint = project.root / "work/checkpoints/classsr_tiny-x4-small-seed0.pt"
    kills = 0
    while not weights.is_file():
        known = checkpoint.stat().st_mtime_ns if checkpoint.is_file() else 0
        process = subprocess.Popen(command, cwd=project.root, env=project.environment, stdout=subprocess.DEVNULL)
        end = time.monotonic() + LONGEST
        for _ in range(9):  # a phase and a half further on
            while process.poll() is None and (not checkpoint.is_file() or checkpoint.stat().st_mtime_ns == known):
                assert time.monotonic() < end
                time.sleep(0.005)
            known = checkpoint.stat().st_mtime_ns if checkpoint.is_file() else 0
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            kills += 1
        process.wait()
    assert kills >= 2
    resumed, log = weights.read_bytes(), weights.with_suffix(".csv").read_bytes()
    weights.unlink()
    project.run(*command)
    assert (weights.read_bytes(), weights.with_suffix(".csv").read_bytes()) == (resumed, log)

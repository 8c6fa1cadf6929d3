"""Methods of every kind come through one door: their own files and a registry entry, and nothing else anywhere."""

import json
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pandas as pd
import pytest
import yaml
from tests.engines.conftest import LONGEST, REPOSITORY, SMALL, Project, copy_parts

NEWCOMERS = REPOSITORY / "tests/data/newcomers"
SPANS = {"implicit": "x1-4", "static": "x4", "supernet": "x4"}
NAMES = sorted(SPANS)
# Head 3->16, trunk 16->16, tail 16->48, each 3x3 with bias.
PARAMS = 3 * 16 * 9 + 16 + 16 * 16 * 9 + 16 + 16 * 48 * 9 + 48


def add(package: Path, name: str) -> None:
    """Add a method as CONTRIBUTING says: a network, the two halves of a kind if it has one of its own, an entry."""
    files = NEWCOMERS / name
    entry = {"model": name, **yaml.safe_load((files / "entry.yaml").read_text())}
    shutil.copy(files / "network.py", package / f"models/{name}.py")
    if (files / "training.py").is_file():
        entry["kind"] = name
        (package / f"methods/{name}").mkdir()
        for half in ("training.py", "inference.py"):
            shutil.copy(files / half, package / f"methods/{name}/{half}")
    (package / f"registry/{name}.yaml").write_text(yaml.safe_dump(entry))


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A checkout that trains the newcomers and nothing else, for as long as a checkpoint takes."""
    project = Project(tmp_path / "checkout")
    copy_parts(project.root)
    for name in NAMES:
        add(project.root / "src/resolute", name)
    preset = {**yaml.safe_load((project.root / "workflow/presets/quick.yaml").read_text()), **SMALL}
    preset["methods"] = {"published": ["bicubic"], "trained": NAMES, "counted": NAMES, "timed": []}
    preset |= {"recipes": {}, "scales": [2, 3.7, 4]}
    preset["figures"] = {**preset["figures"], "comparisons": {}}
    (project.root / "workflow/presets/small.yaml").write_text(yaml.safe_dump(preset))
    project.run("resolute", "preset", "small")
    project.run("git", "init", "--quiet")
    return project


def settings_of(rows: pd.DataFrame, metric: str) -> dict[str, float]:
    means = rows[rows["metric"] == metric].groupby("setting")["value"].mean()
    return {str(setting): mean for setting, mean in means.items()}


def assert_operating_points_stand_side_by_side(project: Project) -> None:
    folder = "reports/measurements/quality/supernet/x4/small-seed0/embedded.parquet"
    rows = pd.read_parquet(project.root / folder)
    spent, full, quality = (settings_of(rows, metric) for metric in ("macs", "macs_full", "psnr"))
    assert full["full"] == full["saving"] == spent["full"] > spent["saving"]
    assert set(quality) == {"full", "saving"}
    assert len(set(quality.values())) == 2
    chosen = rows[(rows["metric"] == "chosen_wide") & (rows["place"] == "halves")]
    assert chosen.groupby("setting")["value"].unique().to_dict() == {"full": [2.0], "saving": [1.0]}

    overview = pd.read_csv(project.root / "reports/psnr_macs.csv").query("method == 'supernet'").set_index("setting")
    assert overview["macs_g"]["saving"] / overview["macs_g"]["full"] == pytest.approx(spent["saving"] / spent["full"])
    for setting in ("full", "saving"):
        shown = project.run(
            *("resolute", "evaluate", "supernet", "--weights", "small-seed0", "--dataset", "embedded"),
            *("--setting", setting, "--json"),
        )
        found = json.loads(shown)
        assert found["setting"] == setting
        assert found["protocols"]["y_basicsr"]["psnr"] == pytest.approx(
            rows.query("setting == @setting and metric == 'psnr' and protocol == 'y_basicsr'")["value"].mean()
        )
    said = project.call("resolute", "evaluate", "supernet", "--weights", "small-seed0", "--setting", "savign")
    assert said.returncode == 1
    assert "supernet has no setting 'savign': did you mean 'saving'?" in said.stderr


@pytest.mark.slow
def test_methods_of_every_kind_go_through_every_stage_of_both_engines(project: Project) -> None:
    project.make()
    assert project.planned() == {}
    project.run("resolute", "seal")
    assert project.changed() == set()
    trained = {path.relative_to(project.root).as_posix() for path in project.root.glob("data/weights/**/*.safetensors")}
    assert trained == {f"data/weights/trained/{name}/{span}/small-seed0.safetensors" for name, span in SPANS.items()}
    # The decoder reduces its crops by itself, and is evaluated at each scale; the others are trained and tested at x4.
    assert {path.name for path in project.root.glob("data/patches/embedded/*")} == {
        *("hr.json", "hr.npy"),
        *("x4.npy", "x4.parquet"),
    }

    page = (project.root / "reports/index.html").read_text()
    rows = re.findall(r"<tr\b.*?</tr>", page, re.DOTALL)
    titles = [yaml.safe_load((NEWCOMERS / name / "entry.yaml").read_text())["title"] for name in NAMES]
    psnr = json.loads((project.root / "reports/metrics.json").read_text())["psnr"]
    assert {run for run in psnr if not run.startswith("bicubic/")} == {
        "static/x4/small-seed0",
        *(f"supernet/x4/small-seed0/{setting}" for setting in ("full", "saving")),
        *(f"implicit/{scale}/small-seed0" for scale in ("x2", "x3.7", "x4")),
    }
    for title, name in zip(titles, NAMES, strict=True):
        for run, found in psnr.items():
            if run.startswith(f"{name}/"):
                shown = f"{found['embedded']:.2f}"
                assert any(title in row and shown in row for row in rows), f"{run} is not in the table of quality"
    assert any(titles[NAMES.index("static")] in row and f"{PARAMS / 1e3:.1f}" in row for row in rows)
    assert_operating_points_stand_side_by_side(project)


# Static networks: tests/train/test_training.py; other implicit ones: tests/train/test_pixels.py.
@pytest.mark.attack
@pytest.mark.parametrize("name", ["implicit", "supernet"])
def test_a_killed_training_of_any_kind_ends_as_if_it_had_not_been(project: Project, name: str) -> None:
    params = project.root / "params.yaml"
    text = params.read_text()
    params.write_text(re.sub(r"every: \d+", "every: 10", text.replace("iterations: 5", "iterations: 400")))
    made = "hr.json" if name == "implicit" else "x4.parquet"
    project.run("snakemake", "--cores", "2", "--quiet", "all", "--", f"data/patches/embedded/{made}")
    command = ("resolute", "train", name)
    weights = project.root / f"data/weights/trained/{name}/{SPANS[name]}/small-seed0.safetensors"
    checkpoint = project.root / f"work/checkpoints/{name}-{SPANS[name]}-small-seed0.pt"
    process = subprocess.Popen(command, cwd=project.root, env=project.environment, stdout=subprocess.DEVNULL)
    end = time.monotonic() + LONGEST
    while not checkpoint.is_file():
        assert process.poll() is None, "it ended before it wrote a checkpoint"
        assert time.monotonic() < end
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not weights.is_file(), "it was not killed in time"
    project.run(*command)
    resumed, log = weights.read_bytes(), weights.with_suffix(".csv").read_bytes()
    weights.unlink()
    project.run(*command)
    assert (weights.read_bytes(), weights.with_suffix(".csv").read_bytes()) == (resumed, log)


@pytest.mark.slow
def test_a_new_network_with_a_block_and_a_key_map_changes_no_job_of_another(small: Project) -> None:
    """What shows the names of all methods is made again, and nothing else."""
    package = small.root / "src/resolute"
    (package / "models/blocks/newest.py").write_text('"""A block."""\n\nfrom torch import nn\n\nNewest = nn.Identity\n')
    network = (NEWCOMERS / "static/network.py").read_text()
    block = "from resolute.models.blocks.newest import Newest  # noqa: F401\n"
    add(package, "static")
    (package / "models/static.py").write_text(
        network.replace("from resolute.models.blocks", f"{block}from resolute.models.blocks", 1)
    )
    (package / "registry/key_maps/newest.yaml").write_text('- ["^a", "b"]\n')
    shows = {
        "tables",
        "figures",
        "routing_figures",
        "comparison_figures",
        "training_figures",
        "patch_figures",
        "report",
    }
    assert small.planned().keys() <= shows
    assert {stage.partition("@")[0] for stage in small.changed()} <= {"sources", *shows}

"""A training on a union of two data sets: what both engines make of it, and of an edit of either part."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import yaml
from tests.engines.conftest import SMALL, Project, copy_parts

from resolute.images.files import write_png

WEIGHTS = "data/weights/trained/imdn_tiny/x4/union-seed0.safetensors"
TRAIN = "train@imdn_tiny-x4-seed0"
REGISTRY = """
{name}:
  title: {name}
  citation: none
  page: https://host/{name}
  licence: CC0
  variant: mirror
  source: {{kind: manual, instruction: draw it.}}
  splits:
    train: {{use: train, images: 2}}
"""
UNION = """
both: {title: both, citation: none, page: https://host/both, licence: CC0, source: {kind: union, of: [left, right]}}
"""


def draw(project: Project, name: str, seed: int) -> None:
    """Put a picture where its data set wants it."""
    path = project.root / f"data/manual/{name}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_png(path, np.random.default_rng(seed).integers(0, 255, (160, 132, 3), dtype=np.uint8))


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project in which DVC has trained a network on the union, and all that this takes."""
    root = tmp_path_factory.mktemp("union") / "checkout"
    copy_parts(root)
    registry = root / "src/resolute/datasets/registry.yaml"
    own = [REGISTRY.format(name=name) for name in ("left", "right")]
    registry.write_text("".join([registry.read_text(), *own, UNION]))
    for name in ("left", "right"):
        shutil.copy(registry.parent / "manifests/div2k_train.csv", registry.parent / f"manifests/{name}.csv")
    preset = {**yaml.safe_load((root / "workflow/presets/quick.yaml").read_text()), **SMALL}
    methods = {"published": [], "trained": ["imdn_tiny"], "counted": [], "timed": []}
    preset |= {"methods": methods, "recipes": {"imdn_tiny": {"data": "both"}}}
    (root / "workflow/presets/union.yaml").write_text(yaml.safe_dump(preset))
    project = Project(root)
    for seed, name in enumerate(("left/a", "left/b", "right/c", "right/d")):
        draw(project, name, seed)
    project.run("resolute", "preset", "union")
    project.run("git", "init", "--quiet")
    project.run("dvc", "repro", TRAIN)
    return project


@pytest.mark.attack  # test_agreement.py compares the graphs of unions, tests/datasets/test_unions.py what is packed
def test_nothing_is_left_to_do_and_no_pixel_is_there_twice(trained: Project) -> None:
    assert trained.planned_for(WEIGHTS) == {}
    stages = {"fetch@left", "degrade@left-x4", "pack_hr_union@both", "patches_union@both-x4", TRAIN}
    assert not stages & trained.changed()
    assert not [path for path in (trained.root / "data").rglob("both*") if "patches" not in path.parts]
    assert {path.name for path in (trained.root / "data/patches/both").glob("*.npy")} == {"hr.npy", "x4.npy"}


@pytest.mark.attack
@pytest.mark.parametrize("part", ["left", "right"])
def test_both_engines_see_an_edit_of_either_part(part: str, trained: Project) -> None:
    draw(trained, f"{part}/{'a' if part == 'left' else 'd'}", 9)
    trained.run("resolute", "fetch", part)
    stale = {"degrade": 1, "pack_hr": 1, "patches": 1, "train": 1}
    assert trained.planned_for(WEIGHTS) == stale
    seen = {stage for stage in trained.changed() if not stage.startswith(("evaluate", "profile"))}
    assert {f"fetch@{part}", f"degrade@{part}-x4", "pack_hr_union@both"} <= seen
    assert not {f"degrade@{other}-x4" for other in ("left", "right") if other != part} & seen
    before = Path(trained.root / WEIGHTS).read_bytes()
    ran = trained.run("dvc", "repro", TRAIN)
    assert all(f"'{stage}'" in ran for stage in (f"degrade@{part}-x4", "pack_hr_union@both", "patches_union@both-x4"))
    assert Path(trained.root / WEIGHTS).read_bytes() != before
    assert trained.planned_for(WEIGHTS) == {}

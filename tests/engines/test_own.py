"""Images and networks of somebody's own go through every stage of both engines, as their pages say."""

import json
import re
import shlex
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
import skimage.data
import yaml
from tests.engines.conftest import REPOSITORY, SMALL, Project, copy_few
from tests.engines.test_agreement import differences

from resolute.core.schema import dump_yaml
from resolute.images.files import write_png

pytestmark = pytest.mark.slow

PAGE = (REPOSITORY / "docs/own_network.md").read_text()
NETWORK, PARAMS, COMMANDS, ADDED, ENTRY = (text for _, text in re.findall(r"```(\w*)\n(.*?)```", PAGE, re.DOTALL))
# What an edit of the network calls for; that it calls for nothing of others: tests/models/test_own.py.
EDITED = {"train": 1, "training_figures": 1, "evaluate": 1, "profile": 1, "tables": 1, "figures": 1, "report": 1}


def pictures(folder: Path, names: str, side: int) -> None:
    """Photographs of a folder, and the pixels that a poor camera would have kept of them."""
    for number, name in enumerate(names.split()):
        photo = np.ascontiguousarray(skimage.data.astronaut()[32 * number :][:side, : side + 8])
        write_png(folder / f"hr/{name}.png", photo)
        write_png(folder / f"lr/{name}x4.png", photo[1::4, 1::4])


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A checkout with the page's network, which trains on one folder and is tested on pairs, and on LR images alone."""
    project = Project(tmp_path / "checkout")
    copy_few(project.root)
    pictures(tmp_path / "mine", "a b", 264)
    pictures(tmp_path / "pairs", "first second", 96)
    project.run("resolute", "dataset", "mine", "--hr", f"{tmp_path}/mine/hr", "--use", "train")
    project.run("resolute", "dataset", "phone", "--hr", f"{tmp_path}/pairs/hr", "--lr", f"4={tmp_path}/pairs/lr")
    shutil.copytree(tmp_path / "pairs/lr", tmp_path / "scans")
    project.run("resolute", "dataset", "scans", "--lr", f"4={tmp_path}/scans")
    (project.root / "my_net.py").write_text(NETWORK)
    preset = {**yaml.safe_load((project.root / "workflow/presets/quick.yaml").read_text()), **SMALL}
    listed = yaml.safe_load(PARAMS)
    preset["methods"] = {"published": ["bicubic"], "trained": [], "counted": [], "timed": []}
    preset["data"] = {"train": ["mine"], "test": ["phone", "scans"]}
    compared = {"scan": {"dataset": "scans", "image": "first", "scale": 4, "crop": "auto"}}
    preset["figures"] = {**preset["figures"], "comparisons": compared, "settings": {}, "gains": {}}
    (project.root / "workflow/presets/small.yaml").write_text(yaml.safe_dump(preset))
    project.run("resolute", "preset", "small")
    settings = yaml.safe_load((project.root / "params.yaml").read_text())
    settings["methods"] |= listed["methods"]
    (project.root / "params.yaml").write_text(dump_yaml({**settings, "recipes": listed["recipes"]}))
    project.run(*COMMANDS.splitlines()[0].split())
    project.run(*shlex.split(ADDED))
    entry = project.root / "data/own/methods/my_net.yaml"
    written = yaml.safe_load(entry.read_text())
    assert yaml.safe_load(ENTRY) == {**written, "tile_safe": True}
    entry.write_text(ENTRY)
    project.run("git", "init", "--quiet")
    return project


def test_images_and_a_network_of_ones_own_go_through_both_engines(project: Project, tmp_path: Path) -> None:
    assert differences(project) == set()
    project.make()
    assert project.planned() == {}
    project.run("resolute", "seal")
    assert project.changed() == set()

    psnr = json.loads((project.root / "reports/metrics.json").read_text())["psnr"]
    assert {run.rpartition("/")[0] for run in psnr} == {"bicubic/x4", "my_net/x4"}
    assert all(found.keys() == {"phone"} for found in psnr.values())
    for archive in ("bicubic/x4/published-matlab/scans.zip", "my_net/x4/small-seed0/scans.zip"):
        with zipfile.ZipFile(project.root / "reports/sr" / archive) as kept:
            assert kept.namelist() == ["first.png", "second.png"]
    page = (project.root / "reports/index.html").read_text()
    assert "My network" in page
    assert "phone, scans (LR images alone)" in page
    assert 'alt="LR image"' in page

    for command in COMMANDS.strip().splitlines()[2:]:
        words = command.replace("quick-seed0", "small-seed0").replace("photo.png", f"{tmp_path}/pairs/lr/firstx4.png")
        project.run(*words.split())
    assert (project.root / "large.png").is_file()

    pictures(tmp_path / "pairs", "first second third", 96)
    said = project.call("snakemake", "-n", "--", "all")
    assert said.returncode != 0
    assert "pairs/hr/third.png is new: `resolute dataset phone` records it anew" in said.stderr + said.stdout
    project.run("resolute", "dataset", "phone")
    (tmp_path / "scans/secondx4.png").unlink()
    project.run("resolute", "dataset", "scans")
    planned = project.planned()
    assert (planned["fetch_images"], planned["degrade"], planned["evaluate"]) == (2, 2, 4)
    assert "train" not in planned

    project.add_comment("my_net.py")
    assert project.planned() == {**EDITED, **planned}
    changed = {stage for stage in project.changed() if stage.startswith(("fetch@", "train@"))}
    assert changed == {"fetch@phone", "fetch@scans", "train@my_net-x4-seed0"}

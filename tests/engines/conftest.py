"""A small project with real git, DVC and Snakemake: made once, then copied by every test."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import filelock
import pytest
import yaml

REPOSITORY = Path(__file__).parents[2]
PARTS = (
    ".dvc/config",
    ".dvc/.gitignore",
    ".dvc/plots",
    ".dvc/plots.html",
    ".dvcignore",
    ".gitignore",
    "Snakefile",
    "dvc.yaml",
    "data/own",
    "data/published",
    "data/reference",
    "params.yaml",
    "reports/.gitkeep",
    "src/resolute",
    "workflow",
)
METHODS = ["imdn_tiny", "rlfn_tiny"]
PAPER = "ntire2022"
SMALL: dict[str, Any] = {
    "methods": {"published": ["bicubic"], "trained": METHODS, "counted": METHODS, "timed": []},
    "train": {
        "iterations": 5,
        "batch_size": 2,
        "lr_patch_size": 32,
        "warmup": 2,
        "precision": "32-true",
        "devices": 1,
        "threads": 1,
    },
    "patches": {"lr_size": 32, "lr_stride": 32, "categories": 10},
    "evaluate": {"protocols": ["y_basicsr", "y_matlab"]},
    "profile": {"lr_size": "64x64", "output_sizes": ["128x96"], "runs": 1, "threads": 1},
    "figures": {"protocol": "y_basicsr", "photographs": {}},
}
LONGEST = 300  # seconds that one command of an engine may take on a busy machine


class Project:
    """A checkout that runs its own source, as its user would from a shell."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @property
    def environment(self) -> dict[str, str]:
        """Nothing of this machine's configuration, and nothing written outside the test's folder."""
        own = self.root.parent / "own"
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("DVC_", "GIT_"))}
        kept.pop("RESOLUTE_MIRROR", None)
        identity = {f"GIT_{who}_{what}": "test" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        return {
            **kept,
            **identity,
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PYTHONPATH": str(self.root / "src"),
            "GIT_CONFIG_GLOBAL": os.devnull,
            "DVC_GLOBAL_CONFIG_DIR": str(own / "global"),
            "DVC_SYSTEM_CONFIG_DIR": str(own / "system"),
            "DVC_SITE_CACHE_DIR": str(own / "site"),
            "RESOLUTE_LOCKS": str(own / "locks"),
            "XDG_CACHE_HOME": str(own / "cache"),
            "OMP_NUM_THREADS": "1",
        }

    def call(self, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a command in the checkout, whatever its exit status."""
        return subprocess.run(
            command,
            cwd=self.root,
            capture_output=True,
            text=True,
            timeout=LONGEST,
            check=False,
            env={**self.environment, **variables},
        )

    def run(self, *command: str) -> str:
        """What a command prints; it must succeed."""
        done = self.call(*command)
        assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"
        return done.stdout + done.stderr

    def changed(self) -> set[str]:
        """The stages that DVC itself calls changed; what follows from them is not among them."""
        return set(json.loads(self.run("dvc", "status", "--json")))

    def planned(self) -> dict[str, int]:
        """How many jobs of each rule Snakemake would do now; empty only if it says that there are none."""
        return self.planned_for("all")

    def planned_for(self, target: str) -> dict[str, int]:
        """How many jobs of each rule Snakemake would do now for a target."""
        text = self.run("snakemake", "-n", "--", target)
        if "Nothing to be done" in text:
            return {}
        table = text.partition("Job stats:")[2].partition("\n\n")[0]
        found = {name: int(count) for name, count in re.findall(r"^(\w+) +(\d+)$", table, re.MULTILINE)}
        assert found.pop("total"), text
        found.pop("all", None)
        return found

    def verdict(self) -> str:
        """What both engines say of the whole DAG."""
        return self.run("resolute", "status").splitlines()[-1]

    def make(self) -> None:
        self.run("snakemake", "--cores", "2", "--quiet", "all", "--", "all")

    def reproduce(self) -> list[str]:
        """Let DVC do what it wants to; the stages that it ran."""
        return re.findall(r"Running stage '(.+)':", self.run("dvc", "repro"))

    def commit(self, message: str) -> None:
        self.run("git", "add", "--all")
        self.run("git", "commit", "--quiet", "--message", message)

    def edit(self, path: str, old: str, new: str) -> None:
        """Replace a text that occurs once."""
        file = self.root / path
        text = file.read_text()
        assert text.count(old) == 1, f"{old!r} is {text.count(old)} times in {path}"
        file.write_text(text.replace(old, new))

    def add_comment(self, path: str) -> None:
        """Edit a Python file without changing what it does."""
        file = self.root / path
        file.write_text(f"{file.read_text()}\n# edited\n")

    def trained(self, method: str) -> int:
        """A time that moves when the method's weights are written anew."""
        folder = self.root / f"data/weights/trained/{method}/x4"
        return (folder / "small-seed0.safetensors").stat().st_mtime_ns

    def clone(self, name: str) -> "Project":
        """Another checkout of what is committed, with what the remote has."""
        self.run("git", "clone", "--quiet", str(self.root), str(self.root.parent / name))
        other = Project(self.root.parent / name)
        other.run("dvc", "pull")
        return other


def copy_parts(target: Path) -> None:
    """The repository's files that both engines read, without what it has made."""
    for part in PARTS:
        source = REPOSITORY / part
        (target / part).parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target / part, ignore=shutil.ignore_patterns("__pycache__"))
        elif source.is_file():
            shutil.copy(source, target / part)


def copy_few(target: Path, *methods: str) -> None:
    """The same with these methods, the baseline and one paper: to look at all of them is most of an engine's time."""
    copy_parts(target)
    for entry in (target / "src/resolute/registry").glob("*.yaml"):
        if entry.stem not in ("bicubic", *methods):
            entry.unlink()
    for paper in (target / "data/published").iterdir():
        if paper.is_dir() and paper.name != PAPER:
            shutil.rmtree(paper)


def build(root: Path) -> None:
    """Run a small preset with Snakemake, seal it, commit it and push it."""
    copy_few(root, *METHODS)
    preset = {**yaml.safe_load((root / "workflow/presets/quick.yaml").read_text()), **SMALL}
    (root / "workflow/presets/small.yaml").write_text(yaml.safe_dump(preset))
    project = Project(root)
    project.run("resolute", "preset", "small")
    project.run("git", "init", "--quiet")
    project.run("dvc", "remote", "add", "--quiet", "--default", "local", str(root.parent / "remote"))
    project.make()
    before = {"changed": sorted(project.changed()), "planned": project.planned()}
    sealed = project.run("resolute", "seal")
    project.commit("small")
    project.run("dvc", "push")
    (root.parent / "sealing.json").write_text(json.dumps({**before, "sealed": sealed}))


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the small project: `checkout`, `remote`, and what its sealing was like."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    with filelock.FileLock(shared / "engines.lock"):
        if not (shared / "engines/sealing.json").is_file():
            build(shared / "engines/checkout")
    return shared / "engines"


@pytest.fixture
def small(base: Path, tmp_path: Path) -> Project:
    """A copy of the small project, sealed and pushed, for one test alone."""
    shutil.copytree(base / "checkout", tmp_path / "checkout", symlinks=True)
    return Project(tmp_path / "checkout")

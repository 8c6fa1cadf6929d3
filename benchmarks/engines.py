"""How long both engines take to see that nothing is left to do, in a large project.

    .venv/bin/python -m benchmarks.engines --methods 40

A copy of the checkout gets invented methods, each with its own network file, published weights and cost, evaluated on
four data sets. Nothing is computed: every output is an empty stand-in that Snakemake is told to take as made, and that
DVC commits. Then the commands that a user types are timed, as whole processes.
"""

import argparse
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

from resolute.engines.touch import GO

REPOSITORY = Path(__file__).parents[1]
DATASETS = ["set5", "set14", "b100", "urban100"]
OUTPUTS = """
import json
from dvc.repo import Repo
with Repo() as repo:
    print(json.dumps([out.fs_path for stage in repo.index.stages for out in stage.outs]))
"""
# Stand-ins are written as stages write: `seal` believes nothing else, and no manifest without its head.
WRITE = """
import sys
from pathlib import Path
from resolute.core import atomic
for name in sys.argv[1:]:
    atomic.write(Path(name), "file,sha256\\n" if name.endswith(".csv") else "")
"""


class Copy:
    """A copy of the checkout's tracked and new files, run with its own source."""

    def __init__(self, root: Path) -> None:
        root.mkdir()
        self.root = root
        self.run("git", "init", "--quiet")
        listed = subprocess.check_output(
            ["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=REPOSITORY, text=True
        )
        for name in listed.splitlines():
            if (REPOSITORY / name).is_file():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(REPOSITORY / name, root / name)

    def run(self, *command: str, told: str = "") -> str:
        """What a command of this environment prints, told something on its standard input; it must succeed."""
        environment = {
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PYTHONPATH": str(self.root / "src"),
            "DVC_SITE_CACHE_DIR": str(self.root.parent / "site"),
        }
        done = subprocess.run(
            command, cwd=self.root, env=environment, input=told, capture_output=True, text=True, check=False
        )
        if done.returncode:
            sys.exit(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def invent(self, methods: int) -> list[str]:
        """Add methods, each a network of its own, and a preset that has them all."""
        package = self.root / "src/resolute"
        entry = yaml.safe_load((package / "registry/imdn_baseline.yaml").read_text())
        names = [f"invented_{index:02d}" for index in range(methods)]
        for name in names:
            shutil.copy(package / "models/imdn.py", package / f"models/{name}.py")
            (package / f"registry/{name}.yaml").write_text(yaml.safe_dump({**entry, "title": name, "model": name}))
        preset = yaml.safe_load((self.root / "workflow/presets/bench.yaml").read_text())
        preset["data"]["test"] = DATASETS
        preset["methods"] = {"published": ["bicubic", *names], "trained": [], "counted": names, "timed": []}
        (self.root / "workflow/presets/large.yaml").write_text(yaml.safe_dump(preset))
        self.run("resolute", "preset", "large")
        return names

    def stand_in(self) -> None:
        """Make every output without computing anything, and tell both engines that it is right."""
        outputs = [Path(path) for path in json.loads(self.run(sys.executable, "-c", OUTPUTS))]
        made = re.findall(r"^    output: (.+)$", self.run("snakemake", "-n", "--forceall"), re.MULTILINE)
        files = [self.root / name for line in made for name in line.split(", ")]
        names = sorted({*outputs, *files})
        for path in (path for path in names if not path.suffix):
            path.mkdir(parents=True, exist_ok=True)
        self.run(sys.executable, "-c", WRITE, *(str(path) for path in names if path.suffix))
        self.touch()
        self.run("resolute", "seal")

    def touch(self) -> None:
        self.run(sys.executable, "-m", "resolute.engines.touch", "all", told=GO)


def timed(copy: Copy, expected: str, *command: str) -> None:
    """Say how long a command takes, which must say what is expected: on the clock, and of the CPU."""
    start, before = time.perf_counter(), _spent()
    said = copy.run(*command)
    seconds, spent = time.perf_counter() - start, _spent() - before
    if expected not in said:
        sys.exit(f"{' '.join(command)} does not say '{expected}':\n{said[-2000:]}")
    print(f"{seconds:7.1f} s, {spent:.1f} s of CPU  {' '.join(command)}", flush=True)


def _spent() -> float:
    """Seconds of CPU of all processes that have ended, with those that they began."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--methods", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=2)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        copy = Copy(Path(folder) / "checkout")
        copy.invent(arguments.methods)
        copy.stand_in()
        for _ in range(arguments.rounds):
            timed(copy, "Nothing to be done", "snakemake", "-n", "all")
            timed(copy, "up to date", "dvc", "status")
            timed(copy, "nothing to do", "resolute", "status")
        shutil.rmtree(copy.root / ".snakemake")
        timed(copy, "synced", "resolute", "sync")
        timed(copy, "Nothing to be done", "snakemake", "-n", "all")


if __name__ == "__main__":
    main()

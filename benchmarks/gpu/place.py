"""Where things lie, and what a process needs before it can import the package on a machine that lacks most of it."""

import os
import sys
import zipfile
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).parents[2]
WORK = ROOT / "work/gpu"
PACK = WORK / "pack"
SITE = WORK / "site"  # the packages of the pack, laid out


@dataclass(frozen=True)
class Setup:
    """What a part is told.

    Attributes:
        out: the folder of the results.
        pack: what `pack` has collected; not read in a smoke run.
        smoke: a small selection, on the CPU, on pixels made up.
        seconds: how long the part may take.
    """

    out: Path
    pack: Path
    smoke: bool
    seconds: float

    @property
    def device(self) -> str:
        return "cpu" if self.smoke else "cuda"

    @property
    def project(self) -> Path:
        """A project of its own, in which trainings keep their checkpoints and weights."""
        return self.out / "project" if self.smoke else WORK / "project"


def lay_out_packages(pack: Path) -> None:
    """Make `SITE` of the wheels of a pack: what pip would do, where there need be none."""
    for wheel in sorted((pack / "wheels").glob("*.whl")):
        with zipfile.ZipFile(wheel) as files:
            files.extractall(SITE)


def find_packages() -> None:
    """Let this process import the checkout's package, and after the machine's own packages those of `SITE`."""
    sys.path[:0] = [str(ROOT / "src")]
    sys.path.append(str(SITE))
    from resolute.core import provenance

    # A checkout on a bare machine is not installed: its versions are those of what is.
    provenance.PACKAGES = tuple(filter(_is_installed, provenance.PACKAGES))  # type: ignore[assignment]


def enter_project(folder: Path) -> None:
    """Make a folder an empty project, where it is none, and the working directory."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "params.yaml").touch()
    os.chdir(folder)


def _is_installed(name: str) -> bool:
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True

"""`resolute mend`: what a kill, a full disk or a hand has left is out of the way before Snakemake starts.

Snakemake judges by time stamps: a file that is cut off, or that was edited, is to it as good as any other.
"""

import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

from resolute.core import layout, records
from resolute.core.errors import ResoluteError
from resolute.core.layout import project_root
from resolute.core.schema import read_yaml
from resolute.engines.outputs import PLACES, changed, flaw, is_manifest, outputs, suspects, wrong_images
from resolute.engines.tools import last_line, run
from resolute.engines.unlock import is_locked, unlock, wait_for_jobs

# What is made again at once, in this order, by name within a kind: packed HR pixels before what goes with them.
# Everything else Snakemake makes again when it is not there.
_DATA = ("raw", "lr", "patches")
_ASIDE = "work/set-aside"


def mend() -> None:
    """Make the project ready for a run, and say what was done.

    A lock that a killed Snakemake left is removed; jobs of its that live on are waited for. Outputs that do not open,
    or are neither what a stage wrote nor what DVC keeps, are set aside in `work/set-aside/`: the run makes them again.
    Images, their manifests and packed pixels are made again at once: they come out as they were, and so nothing that
    was made from them is stale.

    Raises:
        ResoluteError: a Snakemake is running here, or something cannot be made again.
    """
    if is_locked():
        _say(unlock())
    wait_for_jobs()
    aside = _Aside()
    _clear_places(aside)
    faulty = _faulty()
    data = sorted((path for path in faulty if _command(path)), key=lambda path: (_DATA.index(_parts(path)[1]), path))
    before = {path: (records.written_sha256(path), path.lstat().st_mtime_ns) for path in data}
    for reasons in faulty.values():
        for path, why in reasons.items():
            aside.put(path, why)
    for path in data:
        _make_again(path, *before[path])


def set_aside() -> list[Path]:
    """The folders of what calls so far have set aside, one for each."""
    return sorted((project_root() / _ASIDE).glob("[0-9][0-9][0-9][0-9]-*"))


class _Aside:
    """A folder of its own for what one call sets aside, made when the first thing comes."""

    def __init__(self) -> None:
        self.folder: Path | None = None

    def put(self, path: Path, why: str) -> None:
        """Move a file or folder out of the way, and say so."""
        name = layout.relative(path)
        if not self.folder:
            parent = project_root() / _ASIDE
            parent.mkdir(parents=True, exist_ok=True)
            self.folder = Path(tempfile.mkdtemp(prefix=time.strftime("%Y-%m-%d-%H%M%S-"), dir=parent))
        target = self.folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(path, target)
        _say(f"{name} {why}: it is set aside in {layout.relative(self.folder)}, and made again")


def _clear_places(aside: _Aside) -> None:
    """Set aside files that lie where stages need folders."""
    root = project_root()
    for place in (*PLACES, "data/sources/*"):
        folder = Path(place.partition("*")[0])
        for part in (*reversed(folder.parents), folder):
            if (root / part).is_file() and part.suffix == "":
                aside.put(root / part, "lies where a folder belongs")


def _faulty() -> dict[Path, dict[Path, str]]:
    """Outputs that the run must make again, each with what is to be set aside for it, and why."""
    names = outputs()
    looked_at = suspects(names)
    recorded = [path for path in looked_at if records.written_sha256(path)]
    found = {path: {path: "was changed after a stage wrote it"} for path in changed(recorded)}
    for path in sorted(set(looked_at).difference(recorded)):
        why = flaw(path)
        if why:
            found[path] = {path: f"does not open ({why})"}
    for manifest in map(project_root().joinpath, filter(is_manifest, names)):
        folder = manifest.with_suffix("")
        if folder.is_file():
            found[manifest] = {folder: "lies where a folder belongs"}
        elif manifest not in found and not folder.is_symlink():  # what lies behind a link is the user's
            wrong = wrong_images(manifest)
            if wrong:
                there = [path for path in wrong if path.exists()]
                found[manifest] = dict.fromkeys(there, "is not what its manifest says")
    return found


def _command(path: Path) -> tuple[str, ...]:
    """The command that makes images or patches again; none for other outputs, and for data sets not asked for."""
    kind, *rest = _parts(path)
    if kind != "data" or rest[0] not in _DATA or len(rest) > 3:  # scores of patches need weights
        return ()
    dataset = Path(rest[1]).stem if rest[0] == "raw" else rest[1]
    params = read_yaml(project_root() / "params.yaml")
    if dataset not in params["data"]["splits"]:
        return ()
    if rest[0] == "raw":
        return ("fetch", dataset)
    if path.stem == "hr":
        return ("patches", dataset, "--hr")
    return ("degrade" if rest[0] == "lr" else "patches", dataset, "--scale", path.stem.removeprefix("x"))


def _make_again(path: Path, sha256: str | None, modified: int) -> None:
    """Make an output of the data stages again; one that comes out as it was keeps its time."""
    command = _command(path)
    done = run("resolute", *command)
    if done.returncode:
        raise ResoluteError(f"`resolute {' '.join(command)}` failed: {last_line(done)}")
    if records.known_sha256(path) == sha256:
        os.utime(path, ns=(modified, modified))


def _parts(path: Path) -> tuple[str, ...]:
    return path.relative_to(project_root()).parts


def _say(line: str) -> None:
    print(f"resolute: {line}", file=sys.stderr, flush=True)

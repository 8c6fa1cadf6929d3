"""What lies in the project and can be made again, or is no longer called for: how much it is, and its removal."""

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from resolute import datasets
from resolute.core import layout, locks
from resolute.core.errors import ResoluteError
from resolute.engines import tools
from resolute.engines.mend import set_aside
from resolute.params import Params, jobs

REMADE = ("embedded", "files", "archive", "derived")  # kinds of data sets that can be fetched again


@dataclass(frozen=True)
class Waste:
    """Files and folders of one kind, with the reason why nothing is lost with them."""

    what: str
    paths: tuple[Path, ...]

    @property
    def bytes(self) -> int:
        """What they take."""
        files = (file for path in self.paths for file in ([path] if path.is_file() else path.rglob("*")))
        return sum(file.lstat().st_size for file in files if file.is_file())


def waste(params: Params) -> list[Waste]:
    """What can go; trained weights, measurements (those of other presets in `work/set-aside/`, too), and images that
    were placed by hand never do.
    """
    found = jobs.derive(params)
    kinds = {
        "checkpoints of trainings that have ended": _checkpoints(),
        "weights of others as they were converted": _there("work/weights", "work/networks.json"),
        "data sets that no job needs": _sets(found),
        "LR images that no job reads": _reduced(found),
        "packed pixels that no job reads": _packs(found),
        "damaged or edited outputs that `resolute mend` set aside to have them made again": set_aside(),
    }
    return [Waste(what, paths) for what, places in kinds.items() if (paths := tuple(sorted(places)))]


def remove(found: list[Waste]) -> None:
    """Remove what `waste` found.

    Raises:
        ResoluteError: something is being made in this project now.
    """
    if makers := locks.makers():
        raise ResoluteError(f"{makers[0]} is at work: clean when it has ended")
    for path in (path for one in found for path in one.paths):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def unused_cache(prune: bool) -> str:
    """What DVC's cache holds that no commit, experiment or file of the project needs, in DVC's words; pruned if asked.

    Raises:
        ResoluteError: DVC refuses.
    """
    if not (layout.project_root() / ".dvc/cache").is_dir():
        return ""
    words = ["gc", "--workspace", "--all-commits", "--all-experiments", "--force", *([] if prune else ["--dry"])]
    done = tools.run("dvc", *words)
    if done.returncode:
        raise ResoluteError(f"dvc cannot prune its cache: {tools.last_line(done)}")
    said = re.search(r"^.*(?:unused|[Rr]emoved?) .*$", done.stdout + done.stderr, re.MULTILINE)
    return said[0].strip() if said else ""


def _checkpoints() -> Iterator[Path]:
    trained = layout.project_root() / "data/weights/trained"
    for path in trained.glob("*/*/*.safetensors"):
        yield from _there(f"work/checkpoints/{'-'.join(path.relative_to(trained).with_suffix('').parts)}.pt")


def _sets(found: dict[str, Any]) -> Iterator[Path]:
    needed = {name for group in found["sets"].values() for name in group}
    for name in datasets.names():
        if name not in needed and datasets.entry(name).source.kind in REMADE:
            yield from _there(f"data/raw/{name}", f"data/raw/{name}.csv")


def _reduced(found: dict[str, Any]) -> Iterator[Path]:
    read = {layout.lr_manifest(job["dataset"], job["scale"]) for job in found["reductions"]["all"].values()}
    for manifest in (layout.project_root() / "data/lr").glob("*/*.csv"):
        if manifest not in read:
            yield from (path for path in (manifest.with_suffix(""), manifest) if path.exists())


def _packs(found: dict[str, Any]) -> Iterator[Path]:
    packed = {name for kind in ("hr", "union_hr") for name in found["packs"][kind]}
    folders = (layout.project_root() / "data/patches").glob("*")
    return (folder for folder in folders if folder.is_dir() and folder.name not in packed)


def _there(*names: str) -> Iterator[Path]:
    return (path for path in (layout.project_root() / name for name in names) if path.exists())

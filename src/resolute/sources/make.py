"""The lists of source files, and which files belong on which.

A job depends on one list, `data/sources/<stage>.csv` or `data/sources/<stage>/<method>.csv`: an edit of a file re-runs
what executes it and nothing else. Snakemake has the lists brought up to date whenever it plans; for DVC that is a
stage. A training's checkpoint carries the digest of its list.
"""

import hashlib
from collections.abc import Iterator, Mapping
from functools import cache
from operator import attrgetter
from pathlib import Path

from resolute import registry
from resolute.core import layout, own
from resolute.core.provenance import file_sha256
from resolute.methods.plan import Plan
from resolute.sources.imports import PACKAGE, closure, files_below

# The stages whose jobs are about one method, and the half of its kind that they run.
HALVES = dict.fromkeys(("fetch", "patches", "evaluate", "profile"), "inference") | {"train": "training"}
STAGES = (*HALVES, "degrade", "tables", "figures", "report")
# What the jobs of a stage that are about a method run, where its others run less.
ABOUT_METHODS = {"patches": "patches.scores"}
# What is read beside code: by a module that shows names and titles, and by a stage that has data for single methods.
TITLES = "measurements/titles.py"  # which shows those of somebody's own, too
READS = {
    TITLES: ("registry/*.yaml", "datasets/registry/*.yaml"),
    "pages/environment.py": ("pages/*.*",),
    "published/files.py": ("published/*.schema.json",),
}
OFFICIAL = "evaluate/official"
_parts = attrgetter("parts")


def refresh(plans: Mapping[str, Plan]) -> list[Path]:
    """Write the lists that are not as they should be, and remove those of methods that are no more.

    Args:
        plans: of the methods that are trained.

    Returns:
        The lists that were written. Most calls write none: the lists keep their times.
    """
    wanted = {
        layout.sources(stage, method): _listed(stage, method, plans.get(method) if stage == "train" else None)
        for stage, method in _jobs()
    }
    written = [path for path, text in wanted.items() if not (path.is_file() and path.read_bytes() == text.encode())]
    for path in written:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            path.write_text(wanted[path])
        except OSError:
            path.unlink(missing_ok=True)
            raise
    folder = layout.sources_folder()
    for path in sorted(folder.rglob("*.csv")):
        if path not in wanted:
            path.unlink()
    return written


def sources_digest(stage: str, method: str = "", plan: Plan | None = None) -> str:
    """A sha256 over the names and the content of all files that a job runs."""
    return hashlib.sha256(_listed(stage, method, plan).encode()).hexdigest()


def sources(stage: str, method: str = "", plan: Plan | None = None) -> frozenset[Path]:
    """The files that a job runs: its stage's, and, where it is about a method, half of the method's kind, its network,
    its entry, and, where it is a training, what its plan chooses."""
    if stage not in HALVES:
        return _with_data(stage)
    if not method:
        return closure(f"resolute.{stage}")
    entry = registry.entry(method)
    modules = (*entry.modules, *(plan.modules if plan else ()))
    files = _of_kind(stage, entry.kind).union(registry.files(method), *map(closure, modules))
    if stage == "fetch":
        names = {item for published in entry.published.values() for item in published.keys if isinstance(item, str)}
        files |= {registry.key_map(name) for name in names}
    if stage == "evaluate":
        files |= {file for file in files_below(OFFICIAL) if file.name.rpartition("_x")[0] == method}
    return files


@cache
def _of_kind(stage: str, kind: str) -> frozenset[Path]:
    """What the jobs of a stage run for every method of a kind."""
    return closure(f"resolute.{ABOUT_METHODS.get(stage, stage)}") | closure(f"resolute.methods.{kind}.{HALVES[stage]}")


def _jobs() -> Iterator[tuple[str, str]]:
    for stage in STAGES:
        yield stage, ""
        if stage in HALVES:
            yield from ((stage, method) for method in registry.names())


def _listed(stage: str, method: str, plan: Plan | None) -> str:
    # Paths sort as their parts do, but more slowly: of a thousand methods there are half a million.
    lines = [_line(file) for file in sorted(sources(stage, method, plan), key=_parts)]
    return f"file,sha256\n{''.join(lines)}"


@cache
def _line(file: Path) -> str:
    return f"{_place(file)},{file_sha256(file)}\n"


@cache
def _with_data(stage: str) -> frozenset[Path]:
    """What a stage imports, its templates, and what its modules read."""
    code = closure(f"resolute.{stage}")
    templates = [file for file in files_below(stage) if file.suffix != ".py"]
    patterns = [pattern for module, found in READS.items() if PACKAGE / module in code for pattern in found]
    others = [*own.entries("datasets").values(), *own.entries("methods").values()] if PACKAGE / TITLES in code else []
    return code.union(templates, others, *map(PACKAGE.glob, patterns))


def _place(file: Path) -> str:
    """A file as lists name it: from the package's folder, or from the project's where it is somebody's own."""
    return file.relative_to(PACKAGE if file.is_relative_to(PACKAGE) else layout.project_root()).as_posix()

"""`resolute status`: what both engines think of every stage."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from resolute.core.layout import project_root
from resolute.engines.tools import planned_jobs
from resolute.engines.versioned import judged

_NAMED = 2  # files that a line names


@dataclass(frozen=True)
class StageStatus:
    """A DVC stage as both engines see it; empty where there is nothing to do."""

    stage: str
    dvc: str
    snakemake: str


def status() -> list[StageStatus]:
    """Every stage of `dvc.yaml`, in the order of the DAG, with what each engine would do."""
    import networkx

    (changed, index), planned = judged(), planned_jobs()
    root, rules = project_root(), _by_place(planned)
    ordered = networkx.lexicographical_topological_sort(index.graph.reverse(), key=lambda stage: stage.addressing)
    rows = []
    for stage in ordered:
        outputs = [out.fs_path.removeprefix(f"{root}/") for out in stage.outs]
        jobs = set().union(*(rules.get(out, ()) for out in outputs))
        why = _reasons(changed.get(stage.addressing, []))
        rows.append(StageStatus(stage.addressing, why, ", ".join(sorted(jobs))))
    return rows


def _by_place(planned: Mapping[str, str]) -> dict[str, set[str]]:
    """The rules of planned files, by the files and by every folder that they lie in."""
    rules: dict[str, set[str]] = defaultdict(set)
    for path, rule in planned.items():
        for place in (path, *map(str, PurePosixPath(path).parents)):
            rules[place].add(rule)
    return rules


def _reasons(changes: list[object]) -> str:
    """DVC's account of a changed stage, in a few words: `changed deps: a, b and 3 more; changed outs: c`."""
    words = []
    for change in changes:
        for kind, files in change.items() if isinstance(change, dict) else [(str(change), ())]:
            words.append(f"{kind}: {_shortened(list(files))}" if files else kind)
    return "; ".join(words)


def _shortened(names: list[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")

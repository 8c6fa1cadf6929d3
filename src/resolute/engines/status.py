"""`resolute status`: what both engines think of every stage."""

from dataclasses import dataclass

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
    root = project_root()
    ordered = networkx.lexicographical_topological_sort(index.graph.reverse(), key=lambda stage: stage.addressing)
    rows = []
    for stage in ordered:
        outputs = [out.fs_path.removeprefix(f"{root}/") for out in stage.outs]
        jobs = {rule for path, rule in planned.items() if any(_within(path, out) for out in outputs)}
        why = _reasons(changed.get(stage.addressing, []))
        rows.append(StageStatus(stage.addressing, why, ", ".join(sorted(jobs))))
    return rows


def _within(path: str, output: str) -> bool:
    return path == output or path.startswith(f"{output}/")


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

"""`resolute sync`: Snakemake takes over what DVC restored."""

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from resolute.core.errors import ResoluteError
from resolute.core.layout import project_root
from resolute.engines.tools import last_line, planned_jobs, refuse_inside_dvc
from resolute.engines.touch import GO
from resolute.engines.unlock import refuse_beside_snakemake
from resolute.engines.versioned import SOURCES, forget_lists, judged

if TYPE_CHECKING:
    from dvc.stage import Stage


def sync() -> str:
    """Tell Snakemake that the stages which DVC calls unchanged, with unchanged ancestors, are up to date.

    After `git checkout` with `dvc checkout`, `dvc pull` or `dvc exp apply` the files have new times and a clone has no
    record of Snakemake's at all. Touching through Snakemake sets times in the order of the DAG and writes its record of
    code, params and checksums, so that later edits are seen. Stages that really are stale stay stale.

    Returns:
        One line that says what was done.

    Raises:
        ResoluteError: Snakemake is running, or one of the engines fails.
    """
    refuse_inside_dvc()
    refuse_beside_snakemake()
    recorded = any((project_root() / ".snakemake/metadata").glob("*"))
    # Snakemake plans while DVC looks at the files; mostly all of them are what DVC restored.
    with ThreadPoolExecutor(1) as pool, _touching("all") as everything:
        planned = pool.submit(planned_jobs) if recorded else None
        fresh, stale = _divided()
        missing = sum(bool(out.hash_info) and not out.exists for stage in stale for out in stage.outs)
        if missing:
            forget_lists()
        if not fresh:
            return (
                f"nothing to sync: DVC calls none of {len(stale)} stages unchanged; `dvc pull` or `dvc checkout` first"
            )
        if planned and not planned.result():
            return "nothing to sync: Snakemake has nothing to do"
        targets = sorted(target for stage in fresh for out in stage.outs for target in _targets(Path(out.fs_path)))
        if not stale:
            _touch(everything)
            return f"synced {len(targets)} outputs"
    with _touching(*targets) as part:
        _touch(part)
    hint = f"; {missing} outputs are missing: `dvc pull`, then sync again" if missing else ""
    return f"synced {len(targets)} outputs, {len(stale)} stages are stale and stay so{hint}"


@contextmanager
def _touching(*targets: str) -> Iterator[subprocess.Popen[str]]:
    """A Snakemake that is ready to touch the targets and what they are made from; it ends with the block."""
    command = [sys.executable, "-m", "resolute.engines.touch", *targets]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=project_root(), stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process:
        try:
            yield process
        finally:
            if process.returncode is None:
                process.communicate()


def _touch(process: subprocess.Popen[str]) -> None:
    said = process.communicate(GO)
    if process.returncode:
        done = subprocess.CompletedProcess(process.args, process.returncode, *said)
        raise ResoluteError(f"not synced: snakemake --touch failed: {last_line(done)}")


def _divided() -> tuple[set["Stage"], set["Stage"]]:
    """The stages that are unchanged with all their ancestors, and the stale ones."""
    import networkx

    changed, index = judged()
    # The lists of source files are as they should be: what an edit makes stale are the jobs that depend on them.
    stages = {stage for stage in index.stages if stage.addressing != SOURCES}
    stale = {stage for stage in stages if stage.addressing in changed}
    if stale:  # in the graph a stage points to what it depends on
        stale = stale.union(*(networkx.ancestors(index.graph, stage) for stage in stale))
    return stages - stale, stale


def _targets(output: Path) -> list[str]:
    """An output of DVC as targets of Snakemake: a folder of reports is its files, one of images a target itself."""
    root = project_root()
    path = output.relative_to(root)
    if path.parts[:2] == ("data", "raw") and path.suffix != ".csv":
        return []  # Snakemake knows the images by their manifest, which is an output beside them
    if path.parts[0] == "reports" and output.is_dir():
        return [str(file.relative_to(root)) for file in sorted(output.rglob("*")) if file.is_file()]
    return [str(path)]

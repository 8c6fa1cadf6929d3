"""`resolute sync`: Snakemake takes over what DVC restored."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from resolute.core.errors import ResoluteError
from resolute.core.layout import project_root
from resolute.engines.tools import (
    last_line,
    planned_jobs,
    refuse_inside_dvc,
)
from resolute.engines.unlock import refuse_beside_snakemake
from resolute.engines.versioned import judged


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
    with ThreadPoolExecutor(1) as pool:
        planned = pool.submit(planned_jobs)
        fresh, stale = _fresh_outputs()
    if not fresh:
        return f"nothing to sync: DVC calls none of {stale} stages unchanged; `dvc pull` or `dvc checkout` first"
    if not planned.result() and any((project_root() / ".snakemake/metadata").glob("*")):
        return "nothing to sync: Snakemake has nothing to do"
    command = [sys.executable, "-m", "resolute.engines.touch", *fresh]
    done = subprocess.run(command, cwd=project_root(), capture_output=True, text=True, check=False)
    if done.returncode:
        raise ResoluteError(f"not synced: snakemake --touch failed: {last_line(done)}")
    left = f", {stale} stages are stale and stay so" if stale else ""
    return f"synced {len(fresh)} outputs{left}"


def _fresh_outputs() -> tuple[list[str], int]:
    """The outputs of the stages that are unchanged with all their ancestors; and how many stages are not."""
    import networkx

    changed, graph = judged()
    stale = {stage for stage in graph if stage.addressing in changed}
    for stage in list(stale):
        stale |= networkx.ancestors(graph, stage)
    outputs = [Path(out.fs_path) for stage in graph if stage not in stale for out in stage.outs]
    return sorted(target for output in outputs for target in _targets(output)), len(stale)


def _targets(output: Path) -> list[str]:
    """An output of DVC as targets of Snakemake: a folder of reports is its files, one of images a target itself."""
    root = project_root()
    path = output.relative_to(root)
    if path.parts[0] == "reports" and output.is_dir():
        return [str(file.relative_to(root)) for file in sorted(output.rglob("*")) if file.is_file()]
    return [str(path)]

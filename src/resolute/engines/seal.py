"""`resolute seal`: DVC takes over what Snakemake made."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from resolute.core import layout
from resolute.core.errors import ResoluteError
from resolute.engines.outputs import changed, is_manifest, wrong_images
from resolute.engines.tools import planned_jobs, refuse_inside_dvc
from resolute.engines.unlock import refuse_beside_snakemake
from resolute.engines.versioned import SOURCES, commit, judged


def seal() -> str:
    """Commit all outputs to DVC, if Snakemake has nothing left to do.

    `dvc commit` alone believes whatever lies there: after an edit of a parameter it would call results fresh that
    were made with the old value. Only Snakemake knows. Nor does Snakemake see an edit of an output: only what a stage
    wrote, or DVC has, is committed.

    Returns:
        One line that says what was done.

    Raises:
        ResoluteError: Snakemake is running or has work to do, an output is not what a stage wrote, or DVC refuses.
    """
    refuse_inside_dvc()
    refuse_beside_snakemake()
    planned = planned_jobs()
    if planned:
        rules = ", ".join(sorted(set(planned.values())))
        raise ResoluteError(f"not sealed: Snakemake has work to do ({rules}): run `snakemake --cores all all` first")
    stale, index = judged()
    if not stale:
        return "nothing to seal: DVC is up to date"
    # The lists of source files are as they should be: `judged` has seen to it.
    changed_stages = [stage for stage in index.stages if stage.addressing in stale and stage.addressing != SOURCES]
    outputs = [Path(out.fs_path) for stage in changed_stages for out in stage.outs]
    _refuse_foreign(outputs)
    with _times_kept(outputs):
        try:
            commit()
        except ResoluteError as error:
            raise ResoluteError(f"not sealed: {error}") from error
    left, _ = judged()
    if left:
        raise ResoluteError(f"not sealed: DVC still sees changes in {', '.join(sorted(left))}: run this again")
    return f"sealed {len(stale)} stages: commit dvc.lock and reports/metrics.json, then `dvc push`"


@contextmanager
def _times_kept(outputs: list[Path]) -> Iterator[None]:
    """Leave outputs with the times that they have, though DVC writes them anew.

    Where times are not in the DAG's order, Snakemake compares each input's checksum once for each output of its job,
    whenever it plans: ten seconds of a hundred methods. Images it knows by their manifests.
    """
    times = {path: path.stat().st_mtime_ns for path in _files(outputs)}
    yield
    for path, time in times.items():
        if path.is_file() and path.stat().st_mtime_ns != time:
            os.utime(path, ns=(time, time))


def _files(outputs: list[Path]) -> list[Path]:
    """Outputs that are files, and the files of those that are folders without a manifest."""
    folders = [path for path in outputs if path.is_dir() and not path.with_name(f"{path.name}.csv").is_file()]
    found = [path for path in outputs if path.is_file()]
    return found + [path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file()]


def _refuse_foreign(outputs: list[Path]) -> None:
    """Refuse outputs that no stage wrote; folders of images count by their manifests, which are outputs too."""
    files = _files(outputs)
    foreign = changed(files) or [
        image for path in files if is_manifest(layout.relative(path)) for image in wrong_images(path)
    ]
    if foreign:
        more = f" and {len(foreign) - 1} more" if len(foreign) > 1 else ""
        raise ResoluteError(
            f"not sealed: {layout.relative(foreign[0])}{more} is not what a stage wrote: remove it, and `make run`"
            " makes it again"
        )

"""`resolute seal`: DVC takes over what Snakemake made."""

from resolute.core.errors import ResoluteError
from resolute.engines.tools import (
    last_line,
    planned_jobs,
    refuse_inside_dvc,
    run,
)
from resolute.engines.unlock import refuse_beside_snakemake
from resolute.engines.versioned import changed_stages


def seal() -> str:
    """Commit all outputs to DVC, if Snakemake has nothing left to do.

    `dvc commit` alone believes whatever lies there: after an edit of a parameter it would call results fresh that
    were made with the old value. Only Snakemake knows.

    Returns:
        One line that says what was done.

    Raises:
        ResoluteError: Snakemake is running or has work to do, or DVC refuses.
    """
    refuse_inside_dvc()
    refuse_beside_snakemake()
    planned = planned_jobs()
    if planned:
        rules = ", ".join(sorted(set(planned.values())))
        raise ResoluteError(f"not sealed: Snakemake has work to do ({rules}): run `snakemake --cores all all` first")
    changed = changed_stages()
    if not changed:
        return "nothing to seal: DVC is up to date"
    done = run("dvc", "commit", "--force")
    if done.returncode:
        raise ResoluteError(f"not sealed: dvc commit failed: {last_line(done)}")
    left = changed_stages()
    if left:
        raise ResoluteError(f"not sealed: DVC still sees changes in {', '.join(sorted(left))}: run this again")
    return f"sealed {len(changed)} stages: commit dvc.lock and reports/metrics.json, then `dvc push`"

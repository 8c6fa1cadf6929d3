"""Commands that keep Snakemake and DVC of one mind."""

from dataclasses import asdict

import typer

from resolute.cli.arguments import AsJson
from resolute.core import strict_json


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    for command in (jobs, seal, sync, status, mend, unlock):
        app.command()(command)


def jobs() -> None:
    """After an edit of params.yaml that adds or removes jobs: write workflow/jobs.yaml anew, for DVC."""
    from resolute import params
    from resolute.core import layout
    from resolute.params import jobs

    jobs.write(params.load())
    print(layout.relative(jobs.path()))


def seal() -> None:
    """After a Snakemake run: let DVC take over the results, if Snakemake has nothing left to do."""
    from resolute.engines import seal

    print(seal())


def sync() -> None:
    """After git checkout, dvc pull or dvc exp apply: let Snakemake take over what DVC calls unchanged."""
    from resolute.engines import sync

    print(sync())


def mend() -> None:
    """Before a Snakemake run, as `make run` does: remove a stale lock, wait for orphans, set aside what is damaged."""
    from resolute.engines import mend

    mend()


def unlock() -> None:
    """Remove the lock that a killed Snakemake left, if none is running."""
    from resolute.engines import unlock

    print(unlock())


def status(as_json: AsJson = False) -> None:
    """Show what both engines would do, stage by stage."""
    from resolute.engines import status

    stages = status()
    if as_json:
        print(strict_json.dumps([asdict(stage) for stage in stages]))
        return
    width = max(len(stage.stage) for stage in stages)
    print(f"{'stage':{width}}  {'Snakemake':13}  DVC")
    for stage in stages:
        print(f"{stage.stage:{width}}  {stage.snakemake or '-':13}  {stage.dvc or '-'}")
    stale = [sum(bool(stage.snakemake) for stage in stages), sum(bool(stage.dvc) for stage in stages)]
    if not any(stale):
        print("Both engines have nothing to do.")
    else:
        print(f"Snakemake would redo {stale[0]} stages, DVC {stale[1]}.")

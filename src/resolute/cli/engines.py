"""Commands that keep Snakemake and DVC of one mind."""

import sys
from dataclasses import asdict
from typing import Annotated

import typer

from resolute.cli.arguments import AsJson
from resolute.core import strict_json


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    for command in (jobs, estimate, seal, sync, status, mend, unlock, clean):
        app.command()(command)


def jobs() -> None:
    """After an edit of params.yaml that adds or removes jobs: write workflow/jobs.yaml anew, for DVC."""
    from resolute import params
    from resolute.core import layout
    from resolute.params import jobs

    jobs.write(params.load())
    print(layout.relative(jobs.path()))


def estimate(
    preset: Annotated[str, typer.Option(help="Of this preset; of params.yaml where not given.")] = "",
    as_json: AsJson = False,
) -> None:
    """Before a run: what is left of it takes in downloads, disk, memory and time on this machine."""
    from resolute import params
    from resolute.cli.printing import print_table
    from resolute.core import devices
    from resolute.estimate import estimate
    from resolute.params import presets

    needs = estimate(presets.resolve(preset) if preset else params.load())
    if as_json:
        print(strict_json.dumps([asdict(need) for need in needs]))
        return
    print_table(
        [
            {
                "stage": need.stage,
                "to do": need.jobs,
                "done": need.done,
                "download": _size(need.download),
                "disk": _size(need.disk),
                "memory": _size(need.memory),
                "time": _duration(need.seconds),
            }
            for need in needs
        ]
    )
    device = devices.accelerator()
    total = _duration(sum(need.seconds for need in needs))
    print(f"{total} in all on {devices.device_name(device)} ({device}), one job after the other")
    for need in needs:
        for what in dict.fromkeys(need.unknown):
            print(f"resolute: {need.stage}: unknown is {what}", file=sys.stderr)


def _size(count: float) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e8 else f"{count / 1e6:.1f} MB" if count else "-"


def _duration(seconds: float) -> str:
    if seconds >= 2 * 86400:
        return f"{seconds / 86400:.1f} days"
    return f"{seconds / 3600:.1f} h" if seconds >= 5400 else f"{seconds / 60:.1f} min" if seconds else "-"


def clean(
    yes: Annotated[bool, typer.Option("--yes", help="Remove it; without this, only say what it is.")] = False,
) -> None:
    """Free what can be made again and no job needs, and what DVC's cache keeps for no commit; say first what it is."""
    from resolute import params
    from resolute.core import layout
    from resolute.engines import clean as cleaning

    found = cleaning.waste(params.load())
    for one in found:
        print(f"{_size(one.bytes)}  {one.what}")
        for path in one.paths:
            print(f"    {layout.relative(path)}")
    if yes:
        cleaning.remove(found)
    if said := cleaning.unused_cache(prune=yes):
        print(f"DVC's cache: {said}")
    if not yes:
        print("nothing is removed: `resolute clean --yes` does it" if found or said else "nothing to clean")


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

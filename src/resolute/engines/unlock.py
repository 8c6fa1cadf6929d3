"""Snakemake's lock after `kill -9`: it stays, and only a look at the living tells whether it still means anything.

Every Snakemake of this project holds a lock of the kernel's besides (`hold`, called by the workflow), which dies with
its process. Its jobs hold another one (`JOBS_LOCK`) from their shell's first command on, long before they know what
they make: jobs outlive a Snakemake that is killed alone.
"""

import fcntl
import os
import sys
from contextlib import suppress

from resolute.core import locks
from resolute.core.errors import ResoluteError
from resolute.core.layout import project_root
from resolute.engines.tools import last_line, run

JOBS_LOCK = "work/locks/jobs.lock"

_held: list[int] = []


def hold() -> None:
    """Show, until this process ends, that a Snakemake is alive."""
    descriptor = _open()
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:  # `unlock` is at work, and waits for this very process; or the file system has no locks
        os.close(descriptor)
    else:
        _held.append(descriptor)


def unlock() -> str:
    """Remove Snakemake's lock if nobody is behind it.

    Returns:
        One line that says what was done, and names the jobs that outlived their Snakemake.

    Raises:
        ResoluteError: a Snakemake is running here.
    """
    if not is_locked():
        return f"Snakemake is not locked{_living()}"
    descriptor = _open()
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ResoluteError("Snakemake is running here: wait for it to end") from None
        done = run("snakemake", "--unlock", "--cores", "1")
        if done.returncode:
            raise ResoluteError(f"snakemake cannot be unlocked: {last_line(done)}")
    finally:
        os.close(descriptor)
    return f"removed the lock of a Snakemake that was killed{_living()}"


def _living() -> str:
    found = locks.makers()
    return "".join(f"; {maker}, still runs: `kill {maker.process}` ends it" for maker in found)


def wait_for_jobs() -> None:
    """Return when no job of any Snakemake lives any more; says for which one it waits."""
    for maker in locks.makers():
        with locks.making(project_root() / maker.artefact):  # says for whom it waits
            pass
    descriptor = _open(JOBS_LOCK)
    try:
        with suppress(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        print("resolute: waiting for jobs of a Snakemake that was killed", file=sys.stderr, flush=True)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    except OSError:  # a file system without locks
        return
    finally:
        os.close(descriptor)


def is_locked() -> bool:
    """Whether Snakemake's lock is there, be its owner alive or not."""
    locks = project_root() / ".snakemake/locks"
    return locks.is_dir() and any(locks.iterdir())


def refuse_beside_snakemake() -> None:
    """Refuse to go on while Snakemake's lock is there."""
    if is_locked():
        raise ResoluteError("Snakemake is running here, or was killed: wait for it, or type `resolute unlock`")


def _open(name: str = "work/locks/snakemake.lock") -> int:
    path = project_root() / name
    path.parent.mkdir(parents=True, exist_ok=True)
    return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)

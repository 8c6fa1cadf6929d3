"""Locks between processes."""

from filelock import FileLock

from resolute.core.layout import project_root


def lock(name: str) -> FileLock:
    """A lock that other processes wait for and that the kernel releases when its holder dies."""
    path = project_root() / "work/locks" / f"{name}.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    return FileLock(path)

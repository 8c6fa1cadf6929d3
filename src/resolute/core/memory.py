"""How much memory is left, so that what does not fit is refused before it is taken; and who keeps what is freed."""

import ctypes
import math
import os
import resource
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from resolute.core.errors import ResoluteError

_GROUPS = Path("/sys/fs/cgroup")
_M_TRIM_THRESHOLD, _M_MMAP_MAX = -1, -4  # parameters of glibc's mallopt (malloc.h)


def require(amount: float, what: str, repair: str) -> None:
    """Refuse what takes more memory than there is.

    Args:
        amount: bytes that the work takes at its peak.
        what: takes them, for the message.
        repair: what mends it, for the message.
    """
    left = available()
    if amount > left:
        raise ResoluteError(
            f"{what} takes {amount / 1e9:,.1f} GB of memory and {left / 1e9:,.1f} GB are free: {repair}"
        )


def available() -> float:
    """Bytes that this process may still take: the least that machine, control groups and its own limit leave."""
    return max(0, min(_free(), *_left_in_groups(), _left_of_limit()))


def keep_freed_memory() -> None:
    """Let glibc keep what is freed for the next map, for the whole process; other C libraries stay as they are.

    By default large maps go back to the kernel at once, which hands out the next one page by page, with zeros: in
    networks that work at HR size that costs as much time as the convolutions.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_MAX, 0)
        mallopt(_M_TRIM_THRESHOLD, -1)


def _free() -> float:
    with suppress(OSError, ValueError):
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _left_in_groups() -> Iterator[float]:
    """What each control group around this process leaves, as containers and batch systems set them (version 2)."""
    yield math.inf
    with suppress(OSError, ValueError, StopIteration):
        lines = Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines()
        own = _GROUPS / next(line[4:] for line in lines if line.startswith("0::/"))
        for folder in (own, *own.parents):
            with suppress(OSError, ValueError):  # the outermost has no limit
                limit = int((folder / "memory.max").read_text(encoding="ascii"))
                taken = int((folder / "memory.current").read_text(encoding="ascii"))
                facts = dict(line.split() for line in (folder / "memory.stat").read_text("ascii").splitlines())
                yield limit - taken + int(facts["inactive_file"])


def _left_of_limit() -> float:
    """What `ulimit -v` leaves."""
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    if limit == resource.RLIM_INFINITY:
        return math.inf
    taken = 0
    with suppress(OSError, ValueError):
        taken = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
    return limit - taken

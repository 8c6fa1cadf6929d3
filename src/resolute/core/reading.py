"""One way to fail for all that is read: a line that says which file, what is wrong with it, and what mends it."""

import errno
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from resolute.core import layout
from resolute.core.errors import ResoluteError

_LONGEST = 200  # characters of a parser's own words
# What git keeps and no stage makes.
_KEPT = ("data/published/", "data/recorded/", "data/reference/", "src/", "workflow/")


@contextmanager
def reading(path: Path, repair: str = "") -> Iterator[None]:
    """Turns whatever a parser makes of a file into one line; for blocks that do nothing but read and check that file.

    Args:
        path: the file.
        repair: what mends it; where empty, the command that makes it again, or brings it back where git keeps it.
    """
    try:
        yield
    except (ResoluteError, MemoryError):
        raise
    except FileNotFoundError:
        raise ResoluteError(f"{layout.relative(path)} is not there: {repair or made_by(path)}") from None
    except OSError as error:
        what = error.strerror or brief(error)
        raise ResoluteError(f"{layout.relative(path)} cannot be read ({what}): {repair or remade_by(path)}") from error
    except Exception as error:  # parsers of all kinds raise what they like
        where = layout.relative(path)
        raise ResoluteError(f"{where} is damaged ({brief(error)}): {repair or remade_by(path)}") from error


def check_regular(path: Path) -> None:
    """Refuse what is no regular file before it is opened: a pipe or a device may have no end.

    Raises:
        OSError: a folder, a pipe, a socket, a device; or whatever keeps the file from being looked at.
    """
    mode = path.stat().st_mode
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, "Is a directory", str(path))
    if not stat.S_ISREG(mode):
        kind = "pipe" if stat.S_ISFIFO(mode) else "socket" if stat.S_ISSOCK(mode) else "device"
        raise OSError(errno.EINVAL, f"Is a {kind}, not a file", str(path))


def made_by(path: Path) -> str:
    """What makes an artefact, or brings back a file that git keeps, as the last part of an error message."""
    name = layout.relative(path)
    if name.startswith(_KEPT):
        return f"restore it: `git checkout -- {name}`"
    return f"`snakemake --cores all -- {name}` makes it"


def remade_by(path: Path) -> str:
    """What makes an artefact again, or brings back a file that git keeps, as the last part of an error message."""
    made = made_by(path)
    return made if made.startswith("restore") else f"remove it, and {made} again"


def brief(error: BaseException) -> str:
    """What an error says, in one line that a terminal can show."""
    text = " ".join(re.sub(r"[^\x20-\x7e\xa0-\uffff]", " ", str(error)).split()) or "no reason given"
    text = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
    return f"{type(error).__name__}: {text}"

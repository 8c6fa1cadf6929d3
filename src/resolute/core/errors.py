"""The one exception that users are meant to read."""

import difflib
from collections.abc import Iterable

_LONGEST_NAME = 255  # what is longer is no misspelt name, and slow to compare


class ResoluteError(Exception):
    """A mistake that the user can mend: one line that says what, where and how to mend it.

    The command line prints it without a traceback and exits with `status`. What a file held may be part of it, so line
    breaks and what no terminal can show become spaces.
    """

    status = 1

    def __init__(self, message: str) -> None:
        super().__init__(" ".join("".join(sign if sign.isprintable() else " " for sign in message).split()))


class UsageError(ResoluteError):
    """A question that has no answer, as opposed to one whose answer is no: it asks for what is not there."""

    status = 2


def nearest(wrong: str, allowed: Iterable[str]) -> str:
    """The part of an error message that names the nearest right spelling, or what is allowed."""
    allowed = sorted(allowed)
    close = [] if len(wrong) > _LONGEST_NAME else difflib.get_close_matches(wrong, allowed, n=1, cutoff=0.6)
    if close:
        return f"did you mean '{close[0]}'?"
    return f"known are: {', '.join(allowed)}" if len(allowed) <= 20 else f"{len(allowed)} are known"

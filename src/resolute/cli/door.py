"""The one way out of every command: what is the user's or the machine's doing is one line, never a traceback.

What is left for tracebacks is a fault of the program itself.
"""

import errno
import os
import sys
import traceback
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

from resolute.core.errors import ResoluteError
from resolute.core.reading import brief

# A full disk, or a quota that is used up: what was finished stays, so the same command goes on later.
_FULL = (errno.ENOSPC, errno.EDQUOT)
# What libraries raise about bytes that they cannot make sense of. By name, so that none of them is imported for it.
_UNREADABLE = frozenset(
    {
        "pyarrow.lib.ArrowException",
        "PIL.Image.DecompressionBombError",
        "zlib.error",
        "_lzma.LZMAError",
        "zipfile.BadZipFile",
        "tarfile.TarError",
        "yaml.error.YAMLError",
        "json.decoder.JSONDecodeError",
        "pandas.errors.ParserError",
        "pandas.errors.EmptyDataError",
        "safetensors_rust.SafetensorError",
        "builtins.SafetensorError",
        "_pickle.UnpicklingError",
        "struct.error",
        "builtins.UnicodeError",
        "builtins.EOFError",
        "builtins.RecursionError",
    }
)
DEBUG = "RESOLUTE_DEBUG"


def guarded(command: Callable[..., Any]) -> Callable[..., Any]:
    """A command that ends with one line on standard error and an exit status where it fails by no fault of the program.

    The traceback goes to a file that the line names; with `--debug` it is printed.
    """

    @wraps(command)
    def run(*arguments: Any, **options: Any) -> Any:
        try:
            result = command(*arguments, **options)
            if sys.stdout:  # none where it is closed
                sys.stdout.flush()  # here, where what a full disk refuses is one line
            return result
        except ResoluteError as error:
            _say(str(error), error if error.__cause__ else None)
            sys.exit(error.status)
        except BrokenPipeError:  # who read our output has stopped, as `head` does
            _end_output()
            sys.exit(141)
        except KeyboardInterrupt:
            sys.exit(130)
        except Exception as error:
            line = outside(error)
            if line is None:
                raise
            _say(line, error)
            _end_output()
            sys.exit(1)

    return run


def _end_output() -> None:
    """Print what is left, or let it go nowhere where nothing can be printed: Python would try again at its end."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (AttributeError, ValueError):  # closed
        return


def outside(error: BaseException) -> str | None:
    """The line for an error that the user or the machine can mend; none for a fault of the program."""
    if isinstance(error, OSError) and error.errno in _FULL:
        return f"{os.strerror(error.errno)}{_where(error)}: make room and run this again"
    if isinstance(error, OSError) and error.errno is not None:
        return (
            f"{error.strerror or brief(error)}{_where(error)}: mend that place (its owner, its rights, what is there)"
        )
    if isinstance(error, MemoryError) or "out of memory" in str(error) or "can't allocate memory" in str(error):
        return f"not enough memory ({brief(error)}): close other programs, or take a smaller input"
    names = {f"{kind.__module__}.{kind.__qualname__}" for kind in type(error).__mro__}
    if names & _UNREADABLE or isinstance(error, OSError):
        return f"a file cannot be read ({brief(error)}): the traceback names it; make it again"
    return None


def _where(error: OSError) -> str:
    named = [str(name) for name in (error.filename, error.filename2) if name is not None]
    return f": {' to '.join(named)}" if named else ""


def _say(line: str, error: BaseException | None) -> None:
    if error is not None and os.environ.get(DEBUG):
        traceback.print_exception(error)
    kept = "" if error is None or os.environ.get(DEBUG) else _keep(error)
    print(f"resolute: {' '.join(line.split())}{kept}", file=sys.stderr)


def _keep(error: BaseException) -> str:
    """Write the traceback to a file; the words that name it."""
    text = "".join(traceback.format_exception(error))
    for folder in ("work/logs", os.environ.get("TMPDIR", "/tmp")):
        path = Path(folder, f"resolute-traceback-{os.getuid()}.log")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", errors="backslashreplace")
        except OSError:
            continue
        return f" (traceback: {path})"
    return ""

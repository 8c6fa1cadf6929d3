"""The command line: thin adapters from arguments and `params.yaml` to the stages.

Nothing heavy is imported before a command runs, so that `resolute --help` answers at once.
"""

import errno
import os
import sys

import typer

from resolute.cli import engines, stages, tools, verdict
from resolute.core.errors import ResoluteError

# A full disk, or a quota that is used up: what was finished stays, so the same command goes on later.
_FULL = (errno.ENOSPC, errno.EDQUOT)

app = typer.Typer(
    help="Regenerate the tables of efficient super-resolution papers, and check every cell.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
stages.register(app)
engines.register(app)
tools.register(app)
verdict.register(app)


def main() -> None:
    """Run a command; a user's mistake or a full disk becomes one line on standard error and an exit status."""
    try:
        app()
    except ResoluteError as error:
        print(f"resolute: {error}", file=sys.stderr)
        sys.exit(error.status)
    except OSError as error:
        if error.errno not in _FULL:
            raise
        where = f": {error.filename}" if error.filename else ""
        print(f"resolute: {os.strerror(error.errno)}{where}: make room and run this again", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)

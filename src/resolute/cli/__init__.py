"""The command line: thin adapters from arguments and `params.yaml` to the stages.

Nothing heavy is imported before a command runs, so that `resolute --help` answers at once.
"""

import os
import sys
from io import TextIOWrapper
from typing import Annotated, Any

import typer

from resolute.cli import door, engines, exporting, methods, papers, stages, tools, weights

_UsageError: Any = typer.BadParameter.__base__  # Typer names its subclass alone

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.callback()
def options(
    debug: Annotated[bool, typer.Option("--debug", help="Print the traceback behind an error's line.")] = False,
) -> None:
    """Regenerate the tables of efficient super-resolution papers, and check every cell."""
    if debug:
        os.environ[door.DEBUG] = "1"


stages.register(app)
engines.register(app)
tools.register(app)
weights.register(app)
methods.register(app)
exporting.register(app)
papers.register(app)
# Within the commands: around them Typer would print "Aborted!" for every EOFError, wherever it comes from.
for command in [*app.registered_commands, *papers.app.registered_commands]:
    if command.callback:
        command.callback = door.guarded(command.callback)


def main() -> None:
    """Run a command; a user's mistake or a machine's becomes one line on standard error and an exit status."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal that lacks a character shows its number
    try:
        sys.exit(app(standalone_mode=False))
    except _UsageError as error:
        if len(sys.argv) == 1:
            error.show()  # the help
        else:
            command = error.ctx.command_path if error.ctx else "resolute"
            print(f"resolute: {' '.join(error.format_message().split())} (`{command} --help` helps)", file=sys.stderr)
        sys.exit(error.exit_code)
    except typer.Abort:
        sys.exit(130)

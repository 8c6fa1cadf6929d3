"""The command line: thin adapters from arguments and `params.yaml` to the stages.

Nothing heavy is imported before a command runs, so that `resolute --help` answers at once.
"""

import sys

import typer

from resolute.cli import engines, stages, tools
from resolute.core.errors import ResoluteError

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


def main() -> None:
    """Run a command; a user's mistake becomes one line on standard error and exit status 1."""
    try:
        app()
    except ResoluteError as error:
        print(f"resolute: {error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)

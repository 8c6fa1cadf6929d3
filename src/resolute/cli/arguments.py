"""The types of the command line's arguments: what they take is checked here, before a command runs."""

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from resolute.core.layout import LARGEST_SCALE

# As `workflow/schemas/params.schema.json` has it, too.
LARGEST_SEED = 2**32 - 1
LARGEST_SIDE = 65535  # pixels


def scale(text: str) -> float:
    """A scale that the names of files can carry."""
    try:
        value = float(text)
    except ValueError:
        value = 0
    if not 1 < value <= LARGEST_SCALE or float(f"{value:g}") != value:
        raise typer.BadParameter(
            f"'{text}' is no scale: write a number above 1, up to {LARGEST_SCALE}, of at most 6 digits, such as 4"
        )
    return value


def path(text: str) -> Path:
    """A path, with the home folder that `~` stands for."""
    return Path(home(text))


def home(text: str) -> str:
    """Text that may be a path; shells leave `~` as it is in `--weights=~/file`."""
    return os.path.expanduser(text)  # noqa: PTH111 (pathlib raises where it knows no home)


_SCALE: dict[str, Any] = {"parser": scale, "metavar": "NUMBER"}
_WEIGHTS: dict[str, Any] = {"parser": home, "metavar": "WEIGHTS"}

Scale = Annotated[float, typer.Option("--scale", help="HR side over LR side.", **_SCALE)]
OptionalScale = Annotated[
    float | None, typer.Option("--scale", help="For this scale only; else for those of params.yaml.", **_SCALE)
]
Seed = Annotated[int, typer.Option("--seed", min=0, max=LARGEST_SEED, help="Of initialisation and sampling.")]
Weights = Annotated[
    str,
    typer.Option(
        "--weights",
        help="published, published-<tag>, <preset>-seed<n>, own-<name>, or the file of a checkpoint.",
        **_WEIGHTS,
    ),
]
WarmStart = Annotated[
    str,
    typer.Option(
        "--warm-start",
        help="Weights to start from, named as for evaluate; of another scale, x<scale>/<weights>.",
        **_WEIGHTS,
    ),
]
Setting = Annotated[
    str, typer.Option("--setting", help="Operating point of a dynamic method; its first one where not given.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
DataSet = Annotated[str, typer.Argument(metavar="DATASET", help="A data set, see `resolute list datasets`.")]
MethodName = Annotated[str, typer.Argument(metavar="METHOD", help="A method, see `resolute list methods`.")]

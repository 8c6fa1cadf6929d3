"""`resolute method`: a network of somebody's own, from a class in a Python file of theirs."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from resolute.cli import arguments
from resolute.core.errors import UsageError


def register(app: typer.Typer) -> None:
    """Add it to the program."""
    app.command("method")(method)


def method(
    name: Annotated[str, typer.Argument(help="What it is called from now on: small letters, digits and _.")],
    network: Annotated[
        str,
        typer.Argument(
            parser=arguments.home,
            metavar="FILE:CLASS",
            help="A torch.nn.Module that takes `scale`; its file may lie anywhere.",
        ),
    ],
    scale: Annotated[
        list[float] | None,
        typer.Option(
            parser=arguments.scale,
            metavar="NUMBER",
            help="That it is for; may be given several times.",
            show_default="those of 2, 3 and 4 at which it can be built",
        ),
    ] = None,
    argument: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="Of its constructor, beside `scale`; may be given several times."),
    ] = None,
    title: Annotated[str, typer.Option(help="Its name in tables and figures; NAME where not given.")] = "",
) -> None:
    """Make a method of a class of yours, or bring it up to date after its file came to import others or has moved.

    The file is linked into data/own/methods/, so that an edit of it makes its jobs stale, and an entry says what it is.
    """
    from resolute.core import layout
    from resolute.methods.adding import add

    file, _, class_name = network.rpartition(":")
    if not file:
        raise UsageError(f"{network} names no class: write it after the file, such as {network}:MyNet")
    given: dict[str, Any] = {
        "scales": [int(one) if one == int(one) else one for one in dict.fromkeys(scale or [])],
        "arguments": dict(map(_given, argument or [])),
        "title": title,
    }
    entry = add(name, Path(file), class_name, {key: value for key, value in given.items() if value})
    print(layout.relative(entry))
    print(f"  in params.yaml: {name} in methods.trained, counted and timed, {name}: {{}} in recipes")


def _given(text: str) -> tuple[str, Any]:
    """An argument of the constructor, from `width=16`: a number, a list or what else JSON has, else text."""
    name, equals, value = text.partition("=")
    if not equals:
        raise UsageError(f"--argument {text}: write its value after it, such as {text}=16")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value

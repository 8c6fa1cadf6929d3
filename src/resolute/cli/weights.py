"""`resolute import`: somebody's own weights, from a checkpoint of theirs."""

from pathlib import Path
from typing import Annotated, Any

import typer

from resolute.cli import arguments
from resolute.cli.arguments import AsJson, OptionalScale
from resolute.core import strict_json


def register(app: typer.Typer) -> None:
    """Add it to the program."""
    app.command("import")(import_)


def import_(
    file: Annotated[
        Path,
        typer.Argument(
            parser=arguments.path,
            metavar="FILE",
            help="A checkpoint: safetensors, or PyTorch's, however it is wrapped.",
        ),
    ],
    method: Annotated[str, typer.Option(help="Whose network it is for; found by its tensors where not given.")] = "",
    scale: OptionalScale = None,
    name: Annotated[str, typer.Option(help="Makes them own-<name> from now on; the file's name where not given.")] = "",
    as_json: AsJson = False,
) -> None:
    """Take over somebody's weights for a network that is here, found by its tensors' names and shapes."""
    from resolute import registry
    from resolute.core import layout
    from resolute.weights import adopt

    found = adopt(file, method, scale, name)
    wanted, facts = found.weights, found.facts
    entry = registry.entry(wanted.method)
    shown = {
        "file": layout.relative(layout.weights(wanted)),
        "method": wanted.method,
        "scales": str(wanted.span),
        "weights": wanted.name,
        "tensors": len(facts["tensors"]),
        "named_by": facts["names"],
        "inside": facts["inside"],
        "prefix": facts["prefix"],
        "left_out": facts["left_out"],
        "types": facts["types"],
        "sha256": facts["sha256"],
        "hyper_parameters": facts["hyper_parameters"],
        "assumed": {"data_range": entry.data_range, **entry.arguments},
    }
    if as_json:
        print(strict_json.dumps(shown))
        return
    print(shown["file"])
    for key in ("method", "scales", "weights"):
        print(f"  {key:10} {shown[key]}")
    for line in _told(shown):
        print(line)


def _told(shown: dict[str, Any]) -> list[str]:
    """What was found, and what could not be, in words."""
    where = f", under '{shown['inside']}'" if shown["inside"] else ""
    after = f", after '{shown['prefix']}'" if shown["prefix"] else ""
    left = f"; {shown['left_out']} others are left out" if shown["left_out"] else ""
    turned = ", ".join(one for one in shown["types"] if one.startswith(("float", "bfloat")) and one != "float32")
    kept = ", ".join(f"{name} {value}" for name, value in shown["hyper_parameters"].items())
    taken = ", ".join(f"{name} {value}" for name, value in shown["assumed"].items())
    return [
        f"  tensors    {shown['tensors']}, named as in {shown['named_by']}{where}{after}{left}",
        *([f"  turned     into float32 from {turned}"] if turned else []),
        *([f"  file says  {kept}"] if kept else []),
        f"  assumed    {taken}; slopes, windows, strides and all else that no tensor shows as {shown['method']} has it",
    ]

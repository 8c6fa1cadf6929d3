"""`resolute export`: a method with its weights for other programs, with PyTorch or without it."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from resolute.cli import arguments
from resolute.cli.arguments import AsJson, MethodName, Scale, Weights
from resolute.core import layout, strict_json
from resolute.core.errors import UsageError


class Format(StrEnum):
    """What `resolute export` can write."""

    ONNX = "onnx"
    PTH = "pth"
    SAFETENSORS = "safetensors"


class Precision(StrEnum):
    """Of the numbers in an exported graph."""

    FP32 = "fp32"
    FP16 = "fp16"
    INT8 = "int8"


def register(app: typer.Typer) -> None:
    """Add it to the program."""
    app.command("export")(export)


def export(
    method: MethodName,
    scale: Scale = 4,
    weights: Weights = "published",
    file_format: Annotated[
        Format | None, typer.Option("--format", help="Of the file.", show_default="as the file is called, or onnx")
    ] = None,
    precision: Annotated[
        Precision, typer.Option(help="Of an ONNX file's weights and maps; images stay float32.")
    ] = Precision.FP32,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            parser=arguments.path,
            metavar="FILE",
            help="The file to write.",
            show_default="<method>-x<scale>[-<precision>].<format>",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write a method with its weights for other programs.

    An ONNX file is checked against PyTorch. It takes an image of any size, float32, 1 x 3 x height x width, RGB, 0..1,
    and gives one of the same form. A .pth or .safetensors file has the weights under the names of the network's
    authors, for their code and for tools that know it.
    """
    called = _called(out) if out else Format.ONNX
    form = file_format or called
    if out and (form == Format.ONNX) != (called == Format.ONNX):
        raise UsageError(f"{out} is not called like a file of --format {form}: leave that out, or call it .{form}")
    if form != Format.ONNX and precision != Precision.FP32:
        raise UsageError(f"--precision {precision} is for ONNX files: leave it out")
    ending = f"-{precision}" if precision != Precision.FP32 else ""
    target = out or Path(f"{method}-{layout.scale_name(scale)}{ending}.{form}")
    layout.work_outside()
    facts = (_graph if form == Format.ONNX else _weights)(method, scale, weights, target, precision)
    if as_json:
        print(strict_json.dumps({"file": str(target), **facts}))
        return
    print(target)
    for key, value in facts.items():
        print(f"  {key:16} {'-' if value is None else f'{value:.6g}' if isinstance(value, float) else value}")


def _called(file: Path) -> Format:
    """The format that a file's name stands for."""
    from resolute.weights import SUFFIXES

    if file.suffix.lower() == ".safetensors":
        return Format.SAFETENSORS
    return Format.PTH if file.suffix.lower() in SUFFIXES else Format.ONNX


def _graph(method: str, scale: float, weights: str, target: Path, precision: str) -> dict[str, Any]:
    from resolute.cli.ensure import ensure_weights
    from resolute.export import check, export

    check(method, scale)
    return export(ensure_weights(method, scale, weights), target, precision)


def _weights(method: str, scale: float, weights: str, target: Path, _precision: str) -> dict[str, Any]:
    from resolute.cli.ensure import ensure_weights
    from resolute.weights import export

    run = ensure_weights(method, scale, weights)
    return {"method": method, "weights": run.weights, "names_of": export(run, target)}

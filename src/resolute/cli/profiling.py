"""`resolute profile`: what a network costs, and how long it takes without PyTorch."""

from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Any

import typer

from resolute.cli.arguments import AsJson, MethodName, Scale
from resolute.core import strict_json
from resolute.core.errors import ResoluteError, UsageError


def profile(
    method: MethodName,
    scale: Scale = 4,
    lr_size: Annotated[str, typer.Option(help="LR size as WIDTHxHEIGHT; params.yaml's where not given.")] = "",
    count_only: Annotated[bool, typer.Option("--count-only", help="No latency, no memory.")] = False,
    onnxruntime: Annotated[
        bool, typer.Option("--onnxruntime", help="Time the exported graph instead, by onnxruntime on the CPU.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Count a network's cost and time it, alone on the machine.

    The figures are kept where params.yaml calls for them, beside counts for its output sizes, and only shown otherwise.
    """
    from resolute import params
    from resolute.cli.ensure import parse_size
    from resolute.core import layout
    from resolute.core.locks import making
    from resolute.params import jobs

    if count_only and onnxruntime:
        raise UsageError("give --count-only or --onnxruntime: a graph is timed, not counted")
    settings = params.load()
    asked = settings["profile"]
    size = parse_size(lr_size or asked["lr_size"])
    target = jobs.cost("onnxruntime" if onnxruntime else "timed", method, scale)
    is_kept = not as_json and size == parse_size(asked["lr_size"]) and target in params.measurements(settings)
    with making(target) if is_kept else nullcontext():
        if onnxruntime:
            found = _exported(method, scale, size, asked, target if is_kept else None)
        else:
            found = _counted(method, scale, size, asked, not count_only, is_kept)
    if as_json:
        print(strict_json.dumps(found))
        return
    if is_kept:
        print(layout.relative(target))
    for key, value in found.items():
        print(f"  {key:22} {_shown(value)}")


def _counted(
    method: str, scale: float, size: tuple[int, int], asked: dict[str, Any], timed: bool, is_kept: bool
) -> dict[str, Any]:
    from resolute.cli.ensure import parse_size
    from resolute.profile import as_rows, profile, rows_for_output, timing_of, write_rows

    found = profile(method, scale, size, timed, asked["runs"], asked["threads"])
    if is_kept:
        outputs = [rows_for_output(method, scale, parse_size(output)) for output in asked["output_sizes"]]
        write_rows(sum(outputs, as_rows(found)), method, scale, **timing_of(found))
    return found


def _exported(
    method: str, scale: float, size: tuple[int, int], asked: dict[str, Any], target: Path | None
) -> dict[str, Any]:
    """A network that cannot be exported fails no run: where rows are kept, the reason is."""
    from resolute.profile.exported import profile_exported, write_rows

    found = profile_exported(method, scale, size, asked["runs"], asked["threads"])
    if target:
        write_rows(target, found)
    elif found["refused"]:
        raise ResoluteError(found["refused"])
    return found


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.1f}" if value >= 1 else f"{value:.2g}"
    return "-" if value is None else f"{value:,}" if isinstance(value, int) else str(value)

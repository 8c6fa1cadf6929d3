"""Commands that are no stage: presets, lists, upscaling, export, verdicts, what is kept of a run, the machine."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from resolute.cli import arguments
from resolute.cli.arguments import LARGEST_SIDE, AsJson, MethodName, Scale, Setting, Weights
from resolute.core import strict_json


class Listed(StrEnum):
    """What `resolute list` can list."""

    METHODS = "methods"
    DATASETS = "datasets"
    PAPERS = "papers"
    PRESETS = "presets"


class Format(StrEnum):
    """What `resolute export` can write."""

    ONNX = "onnx"


class Precision(StrEnum):
    """Of the numbers in an exported graph."""

    FP32 = "fp32"
    FP16 = "fp16"
    INT8 = "int8"


def register(app: typer.Typer) -> None:
    """Add the tools to the program."""
    app.command("preset")(preset)
    app.command("list")(list_)
    app.command("upscale")(upscale)
    app.command("export")(export)
    app.command("verdict")(verdict)
    app.command("keep")(keep)
    app.command("doctor")(doctor)


def preset(
    name: Annotated[str, typer.Argument(help="See `resolute list presets`.")],
    offline: Annotated[
        bool,
        typer.Option("--offline", help="Leave out networks whose weights are neither here nor in the mirror."),
    ] = False,
) -> None:
    """Write params.yaml from workflow/presets/NAME.yaml, and say what changed."""
    from resolute.params import presets

    missing = _to_download(presets.resolve(name)) if offline else {}
    changes = presets.write(name, missing)
    for method, urls in missing.items():
        print(f"resolute: {method} is left out of methods.published: {', '.join(urls)}", file=sys.stderr)
    print(f"params.yaml is the preset '{name}': {len(changes)} values changed")
    for change in changes:
        print(f"  {change}")


def _to_download(settings: dict[str, Any]) -> dict[str, list[str]]:
    """The addresses of published weights that params call for and that only the network has, by method."""
    from resolute import registry
    from resolute.core import layout
    from resolute.fetch import mirrored
    from resolute.params import jobs

    found: dict[str, list[str]] = {}
    for job in jobs.derive(settings)["weights"]["published"].values():
        file = registry.entry(job["method"]).published[job["tag"]].files[layout.Span.parse(job["span"])]
        places = (layout.project_root() / job["weights"], mirrored(file.url))
        if not any(place and place.is_file() for place in places):
            found.setdefault(job["method"], []).append(file.url)
    return found


def list_(
    what: Annotated[Listed, typer.Argument(help="What to list.")] = Listed.METHODS,
    as_json: AsJson = False,
) -> None:
    """List the methods, data sets, papers or presets."""
    from resolute.cli import listing

    rows = {
        Listed.METHODS: listing.methods,
        Listed.DATASETS: listing.datasets,
        Listed.PAPERS: listing.papers,
        Listed.PRESETS: listing.presets,
    }[what]()
    if as_json:
        print(strict_json.dumps(rows))
    else:
        _print_table(rows)


def upscale(
    source: Annotated[
        Path,
        typer.Argument(
            parser=arguments.path, metavar="IN", help="PNG, TIFF or JPEG, 8 or 16 bits, with or without alpha."
        ),
    ],
    target: Annotated[Path, typer.Argument(parser=arguments.path, metavar="OUT", help="PNG, TIFF or JPEG.")],
    method: Annotated[str, typer.Option(help="A method, see `resolute list methods`.")],
    scale: Scale = 4,
    size: Annotated[
        str, typer.Option(metavar="WxH", help="Of the result, in pixels; stands for the scale that makes it.")
    ] = "",
    weights: Weights = "published",
    setting: Setting = "",
    tile: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=LARGEST_SIDE,
            help="Side of tiles in LR pixels; 0 takes the image whole.",
            show_default="256, but 0 where tiles change the result",
        ),
    ] = None,
    overlap: Annotated[
        int, typer.Option(min=0, max=LARGEST_SIDE, help="LR pixels that neighbouring tiles share.")
    ] = 32,
) -> None:
    """Enlarge a picture of any size."""
    from resolute.cli.ensure import ensure_weights, parse_size
    from resolute.cli.upscaling import scale_to, upscale_file

    scale = scale_to(source, *parse_size(size)) if size else scale
    upscale_file(source, target, ensure_weights(method, scale, weights), setting, tile, overlap)
    print(target)


def export(
    method: MethodName,
    scale: Scale = 4,
    weights: Weights = "published",
    file_format: Annotated[Format, typer.Option("--format", help="Of the file.")] = Format.ONNX,
    precision: Annotated[Precision, typer.Option(help="Of weights and maps; images stay float32.")] = Precision.FP32,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            parser=arguments.path,
            metavar="FILE",
            help="The file to write.",
            show_default="<method>-x<scale>-<precision>.onnx",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write a network with its weights as a file for other programs, checked against PyTorch.

    It takes an image of any size, float32, 1 x 3 x height x width, RGB, 0..1, and gives one of the same form.
    """
    from resolute.cli.ensure import ensure_weights
    from resolute.core.layout import scale_name
    from resolute.export import check
    from resolute.export import export as write

    check(method, scale)
    target = out or Path(f"{method}-{scale_name(scale)}-{precision}.{file_format}")
    facts = write(ensure_weights(method, scale, weights), target, precision)
    if as_json:
        print(strict_json.dumps({"file": str(target), **facts}))
        return
    print(target)
    for key, value in facts.items():
        print(f"  {key:16} {'-' if value is None else f'{value:.6g}' if isinstance(value, float) else value}")


def verdict(
    paper: Annotated[str, typer.Argument(metavar="PAPER", help="A paper, see `resolute list papers`.")],
    table: Annotated[str, typer.Option(help="One of its tables; all where not given.")] = "",
    as_json: AsJson = False,
    show_all: Annotated[bool, typer.Option("--all", help="Print what this run does not measure, too.")] = False,
    complete: Annotated[
        bool, typer.Option("--complete", help="Fail also where a recorded cell is not measured in this run.")
    ] = False,
    write: Annotated[
        bool, typer.Option("--record", help="Record this run's verdicts as what must hold from now on.")
    ] = False,
) -> None:
    """Show which of a paper's figures hold; exit with 1 where one no longer does, or newly differs."""
    from resolute import params
    from resolute.cli import verdicts
    from resolute.core.errors import UsageError
    from resolute.tables import guard, paper_tables, read_recorded, record

    tables = paper_tables(paper, params.measurements(params.load()), table)
    if write:
        record(paper, tables)
    recorded = {place: known for place, known in read_recorded(paper).items() if table in ("", place[0])}
    if complete and not recorded:
        raise UsageError(f"nothing is recorded of {table or paper}: `resolute verdict {paper} --record` does it")
    guarded = guard(tables, recorded)
    holds = not guarded.problems and not (complete and guarded.unmeasured)
    if as_json:
        print(strict_json.dumps({"paper": paper, "holds": holds, **verdicts.as_json(tables, guarded)}))
    else:
        verdicts.show(tables, guarded, len(recorded), show_all, complete)
    if not holds:
        raise typer.Exit(1)


def keep() -> None:
    """Keep the means of this run in data/reference/, for git: the report shows them wherever it is made."""
    from resolute import params
    from resolute.core import layout
    from resolute.measurements.reference import keep as keep_means

    settings = params.load()
    print(layout.relative(keep_means(params.measurements(settings), settings)))


def doctor(as_json: AsJson = False) -> None:
    """Show what is installed, which devices there are, and which data sets and weights are here."""
    from resolute.cli import listing

    found = listing.doctor()
    if as_json:
        print(strict_json.dumps(found))
        return
    for title, facts in found.items():
        print(title)
        for key, value in facts.items():
            print(f"  {key:22} {value}")


def _print_table(rows: list[dict[str, Any]]) -> None:
    """Print rows as columns, every one as wide as its longest cell: people and scripts copy names from it."""
    lines = [list(rows[0])] if rows else []
    lines += [
        [", ".join(map(str, cell)) if isinstance(cell, list) else str(cell) for cell in row.values()] for row in rows
    ]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())

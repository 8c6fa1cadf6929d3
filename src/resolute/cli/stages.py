"""One subcommand per stage of the DAG."""

import json
import sys
from typing import Annotated, Any

import typer

Scale = Annotated[float, typer.Option("--scale", help="HR side over LR side.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
DataSet = Annotated[str, typer.Argument(metavar="DATASET", help="A data set, see `resolute list datasets`.")]
MethodName = Annotated[str, typer.Argument(metavar="METHOD", help="A method, see `resolute list methods`.")]


def register(app: typer.Typer) -> None:
    """Add the stages' commands to the program."""
    for command in (sources, fetch, degrade, patches, train, evaluate, profile, tables, figures, report):
        app.command()(command)


def sources() -> None:
    """Write down, with checksums, which source files every job runs: what it depends on."""
    from resolute.core import layout
    from resolute.sources import refresh

    for path in refresh():
        print(layout.relative(path))


def fetch(
    datasets: Annotated[list[str] | None, typer.Argument(help="Data sets to fetch.")] = None,
    weights: Annotated[
        list[str] | None, typer.Option("--weights", help="Methods whose published weights to fetch.")
    ] = None,
    tag: Annotated[str, typer.Option(help="Which published weights; the first ones where not given.")] = "",
    scale: Annotated[float | None, typer.Option(help="For this scale only; else for those of params.yaml.")] = None,
) -> None:
    """Fetch images and published weights: from RESOLUTE_MIRROR, else from where they are published."""
    from resolute import params
    from resolute.core import layout
    from resolute.core.errors import ResoluteError
    from resolute.fetch import fetch_dataset, fetch_weights

    if not datasets and not weights:
        raise ResoluteError("nothing to fetch: name data sets, or methods with --weights")
    settings = params.load()
    scales = [scale] if scale else [float(one) for one in settings["scales"]]
    for dataset in datasets or []:
        print(layout.relative(fetch_dataset(dataset, scales, settings["data"]["splits"].get(dataset, []))))
    for method in weights or []:
        for one in scales:
            print(layout.relative(fetch_weights(method, tag, one)))


def degrade(dataset: DataSet, scale: Scale = 4) -> None:
    """Make the LR images of a data set, bit for bit as MATLAB's imresize does."""
    from resolute.core import layout
    from resolute.degrade import degrade

    print(layout.relative(degrade(dataset, scale)))


def patches(dataset: DataSet, scale: Scale = 4) -> None:
    """Index a data set's training patches by difficulty, and pack its pixels for training."""
    from resolute import params
    from resolute.core import layout
    from resolute.patches import make_patches

    settings = params.load()
    sizes = settings["patches"]
    splits = params.training_splits(settings, dataset)
    target = make_patches(dataset, scale, splits, sizes["lr_size"], sizes["lr_stride"], sizes["categories"])
    print(layout.relative(target))


def train(
    method: MethodName,
    scale: Scale = 4,
    seed: Annotated[int, typer.Option(min=0, help="Of initialisation and sampling.")] = 0,
    warm_start: Annotated[
        str, typer.Option(help="Weights to start from, named as for evaluate; of another scale, x<scale>/<weights>.")
    ] = "",
) -> None:
    """Train a method as params.yaml says; goes on where an interrupted training stopped."""
    from dataclasses import replace

    from resolute import methods, params, registry
    from resolute.core import layout
    from resolute.methods.plan import make_plan
    from resolute.params import jobs

    settings = params.load()
    methods.training(registry.entry(method))
    plan = make_plan(settings["train"], settings["recipes"].get(method, {}), method)
    dataset = params.training_set(settings)
    run = layout.Run(method, scale, f"{settings['preset']}-seed{seed}")
    start = jobs.warm_start(settings, run)
    if not warm_start and start:
        warm_start = f"{layout.scale_name(start.scale)}/{start.weights}"
    plan = replace(plan, warm_start=warm_start)
    from resolute.train import train

    print(layout.relative(train(run, seed, plan, dataset, settings["train"], settings["checkpoints"]["every"])))


def evaluate(
    method: MethodName,
    weights: Annotated[
        str, typer.Option(help="published, published-<tag>, <preset>-seed<n> or a .safetensors file.")
    ] = "published",
    dataset: Annotated[str, typer.Option(help="A data set with a test split.")] = "set5",
    scale: Scale = 4,
    as_json: AsJson = False,
) -> None:
    """Measure PSNR and SSIM of a method on a data set; what it needs is fetched first.

    The rows are kept where params.yaml calls for them, and only shown otherwise.
    """
    from resolute import params
    from resolute.cli.prepare import ensure_images, ensure_weights
    from resolute.core import layout
    from resolute.evaluate import evaluate, summarise, write_images, write_rows

    settings = params.load()
    asked = settings["evaluate"]
    names = asked["keep"].get(dataset, ())
    kept: dict[str, Any] = {}
    ensure_weights(method, scale, weights)
    ensure_images(dataset, scale)

    def keep(name: str, sr: Any) -> None:
        if name in names:
            kept[name] = sr

    rows = evaluate(method, scale, weights, dataset, asked["protocols"], keep)
    if as_json:
        print(json.dumps(summarise(rows)))
        return
    found = summarise(rows)
    run = layout.Run(method, scale, found["weights"])
    if layout.quality(run, dataset) in params.measurements(settings):
        print(layout.relative(write_rows(rows, run, dataset)))
        print(layout.relative(write_images(kept, run, dataset)))
    for protocol, metrics in found["protocols"].items():
        print(f"  {protocol:16} {metrics['psnr']:7.3f} dB  SSIM {metrics['ssim']:.4f}")


def profile(
    method: MethodName,
    scale: Scale = 4,
    lr_size: Annotated[str, typer.Option(help="LR size as WIDTHxHEIGHT; params.yaml's where not given.")] = "",
    count_only: Annotated[bool, typer.Option("--count-only", help="No latency, no memory.")] = False,
    as_json: AsJson = False,
) -> None:
    """Count a network's cost and time it, alone on the machine.

    The figures are kept where params.yaml calls for them, beside counts for its output size, and only shown otherwise.
    """
    from resolute import params
    from resolute.cli.prepare import parse_size
    from resolute.core import layout
    from resolute.profile import as_rows, profile, rows_for_output, timing_of, write_rows

    settings = params.load()
    asked = settings["profile"]
    size = parse_size(lr_size or asked["lr_size"])
    found = profile(method, scale, size, not count_only, asked["runs"], asked["threads"])
    if as_json:
        print(json.dumps(found))
        return
    if size == parse_size(asked["lr_size"]) and layout.cost(method, scale) in params.measurements(settings):
        rows = as_rows(found) + rows_for_output(method, scale, parse_size(asked["output_size"]))
        print(layout.relative(write_rows(rows, method, scale, **timing_of(found))))
    _print_facts(found)


def tables() -> None:
    """Join measured and published figures into the papers' tables, with a verdict per cell."""
    from resolute import params
    from resolute.core import layout
    from resolute.tables import make_tables

    settings = params.load()
    make_tables(params.measurements(settings), settings["figures"]["protocol"])
    for path in layout.table_files():
        print(layout.relative(path))


def figures(
    name: Annotated[
        str,
        typer.Argument(
            help="tradeoff, patches_<name>, training_<run>, routing_<run> or comparison_<name>; all where not given."
        ),
    ] = "",
) -> None:
    """Draw the figures: quality against cost, patches, trainings, chosen experts, and methods compared on an image."""
    from resolute import params
    from resolute.cli.figures import drawings
    from resolute.core import layout
    from resolute.core.errors import ResoluteError, nearest

    settings = params.load()
    known = drawings(settings)
    if name and name not in known:
        raise ResoluteError(f"unknown figure '{name}': {nearest(name, known)}")
    for one in (name,) if name else known:
        known[one]()
    for path in params.figure_files(settings):
        print(layout.relative(path))


def report() -> None:
    """Write reports/index.html, one self-contained page."""
    from resolute import params
    from resolute.core import layout
    from resolute.report import make_report

    settings = params.load()
    tables = [path for path in layout.table_files() if path.suffix == ".html"]
    figures = [path for path in params.figure_files(settings) if path.suffix in (".svg", ".json")]
    make_report(settings, params.measurements(settings), tables, figures, layout.reference_files())
    print(layout.relative(layout.report()))


def _print_facts(found: dict[str, Any]) -> None:
    for key, value in found.items():
        shown = f"{value:,}" if isinstance(value, int) else f"{value:,.1f}" if isinstance(value, float) else value
        print(f"  {key:18} {'-' if shown is None else shown}", file=sys.stdout)

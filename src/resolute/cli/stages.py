"""One subcommand per stage of the DAG; `degrade`, which takes a user's folders too, is in `folders`, `profile` in
`profiling`.
"""

from contextlib import nullcontext
from typing import Annotated, Any

import typer

from resolute.cli.arguments import (
    LARGEST_SEED,
    AsJson,
    DataSet,
    MethodName,
    OptionalScale,
    Scale,
    Seed,
    Setting,
    WarmStart,
    Weights,
)
from resolute.cli.folders import degrade
from resolute.cli.profiling import profile
from resolute.core import strict_json


def register(app: typer.Typer) -> None:
    """Add the stages' commands to the program."""
    for command in (sources, fetch, degrade, patches, train, evaluate, profile, tables, figures, report):
        app.command()(command)


def sources() -> None:
    """Write down, with checksums, which source files every job runs: what it depends on."""
    from resolute import params
    from resolute.core import layout
    from resolute.sources import refresh

    settings = params.load()  # networks that it names by their files become methods, of which there are lists
    for path in refresh(params.plans(settings)):
        print(layout.relative(path))


def fetch(
    datasets: Annotated[list[str] | None, typer.Argument(help="Data sets to fetch.")] = None,
    weights: Annotated[
        list[str] | None, typer.Option("--weights", help="Methods whose published weights to fetch.")
    ] = None,
    tag: Annotated[str, typer.Option(help="Which published weights; the first ones where not given.")] = "",
    scale: OptionalScale = None,
) -> None:
    """Fetch images and published weights: from RESOLUTE_MIRROR, else from where they are published."""
    from resolute import params, registry
    from resolute.core import layout
    from resolute.core.errors import ResoluteError
    from resolute.datasets import entry
    from resolute.fetch import fetch_dataset, fetch_weights

    if not datasets and not weights:
        raise ResoluteError("nothing to fetch: name data sets, or methods with --weights")
    settings = params.load()
    scales = [scale] if scale else [float(one) for one in settings["scales"]]
    for dataset in [part for name in datasets or [] for part in entry(name).parts]:
        print(layout.relative(fetch_dataset(dataset, scales, settings["data"]["splits"].get(dataset, []))))
    for method in weights or []:
        # One set of weights may serve several scales.
        for one in {registry.entry(method).span(one): one for one in scales}.values():
            print(layout.relative(fetch_weights(method, tag, one)))


def patches(
    dataset: DataSet,
    scale: Scale = 4,
    hr: Annotated[bool, typer.Option("--hr", help="Pack the HR images alone, which all scales share.")] = False,
    scored_by: Annotated[str, typer.Option(help="Score the patches by this trained method, no more.")] = "",
    seed: Annotated[int, typer.Option(min=0, max=LARGEST_SEED, help="Of that method's training.")] = 0,
) -> None:
    """Index a data set's training patches by difficulty, and pack its pixels: HR once, then LR per scale."""
    from resolute import params, registry
    from resolute.core import layout
    from resolute.core.errors import ResoluteError
    from resolute.patches import make_patches, pack_hr

    settings = params.load()
    if hr and scored_by:
        raise ResoluteError("give --hr or --scored-by: they are jobs of their own")
    if scored_by:
        from resolute.patches.scores import score_patches

        run = registry.find_run(scored_by, scale, f"{settings['preset']}-seed{seed}")
        target = score_patches(dataset, registry.weights_of(run), settings["train"]["threads"])
    elif hr:
        target = pack_hr(dataset, params.training_splits(settings, dataset))
    else:
        target = make_patches(dataset, scale, **settings["patches"])
    print(layout.relative(target))


def train(
    method: MethodName,
    scale: Scale = 4,
    seed: Seed = 0,
    warm_start: WarmStart = "",
) -> None:
    """Train a method as params.yaml says; goes on where an interrupted training stopped.

    From weights that params.yaml does not name, it makes a file of its own: <preset>-seed<n>@<start's checksum>.
    """
    from dataclasses import replace

    from resolute import methods, params, registry
    from resolute.core import devices, layout
    from resolute.params import jobs

    devices.check_ranks()
    settings = params.load()
    entry = registry.entry(method)
    methods.training(entry)
    plan = params.plan(settings, method)
    dataset = params.training_set(settings, method)
    wanted = layout.Weights(method, entry.span(scale), f"{settings['preset']}-seed{seed}")
    start, scorer = jobs.warm_start(settings, wanted), jobs.scorer(settings, wanted)
    called_for = f"{start.span}/{start.name}" if start else ""
    plan = replace(plan, warm_start=warm_start or called_for)
    from resolute.train import own_name, train

    if plan.warm_start != called_for:
        wanted = own_name(wanted, plan.warm_start)
    every = settings["checkpoints"]["every"]
    print(layout.relative(train(wanted, seed, plan, dataset, settings["train"], every, scorer)))


def evaluate(
    method: MethodName,
    weights: Weights = "published",
    dataset: Annotated[str, typer.Option(help="A data set with a test split.")] = "set5",
    scale: Scale = 4,
    setting: Setting = "",
    points: Annotated[
        bool, typer.Option("--points", help="Time the settings on the images of figures.settings.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Measure PSNR and SSIM of a method on a data set; what it needs is fetched first.

    The rows are kept where params.yaml calls for them, of all settings of the method, and only shown otherwise. LR
    images alone have no scores: their SR images are kept.
    """
    if points:
        _operating_points(method, weights, dataset, scale)
        return
    from resolute import datasets, params, registry
    from resolute.cli.ensure import ensure_images, ensure_weights
    from resolute.core import layout
    from resolute.core.locks import making
    from resolute.evaluate import evaluate, keeping, summarise, write_rows

    settings = params.load()
    asked = settings["evaluate"]
    entry = registry.entry(method)
    default = entry.setting()
    asked_for = [entry.setting(setting)] if setting or as_json else list(entry.settings) or [default]
    run = ensure_weights(method, scale, weights)
    ensure_images(dataset, scale)

    is_kept = not (as_json or setting) and layout.quality(run, dataset) in params.measurements(settings)
    with making(layout.quality(run, dataset)) if is_kept else nullcontext():
        with keeping(run, dataset, asked["keep"].get(dataset, ())) if is_kept else nullcontext() as keep:
            measured = {
                one: evaluate(run, dataset, asked["protocols"], keep if one == default else None, one)
                for one in asked_for
            }
        rows = [row for one in measured.values() for row in one]
        images = layout.sr_images(run, dataset)
        written = [write_rows(rows, run, dataset, images), images] if is_kept else []
    if as_json:
        print(strict_json.dumps(summarise(rows)))
        return
    for path in written:
        print(layout.relative(path))
    for one, of_setting in measured.items():
        scores = summarise(of_setting)["protocols"]
        if one and scores:
            print(one)
        for protocol, metrics in scores.items():
            print(f"  {protocol:16} {_decibels(metrics)}  SSIM {metrics['ssim']:.4f}")
    if not datasets.entry(dataset).has_originals:
        kept = f"kept in {layout.relative(images)}" if is_kept else "kept where params.yaml calls for this run"
        print(f"  no scores, for {dataset} has no originals: its SR images are {kept}")


def _operating_points(method: str, weights: str, dataset: str, scale: float) -> None:
    """Time the settings of a method on the images that params.yaml shows of a data set, and keep what was chosen."""
    from resolute import params
    from resolute.cli.ensure import ensure_images, ensure_weights
    from resolute.core import layout
    from resolute.core.errors import ResoluteError
    from resolute.core.locks import making
    from resolute.evaluate import operating_points, write_points

    settings = params.load()
    run = ensure_weights(method, scale, weights)
    if layout.routes(run, dataset) not in params.route_files(settings):
        raise ResoluteError(f"params.yaml shows no settings of {run} on {dataset}: name an image in figures.settings")
    ensure_images(dataset, scale)
    shown = [facts for facts in settings["figures"]["settings"].values() if facts["scale"] == scale]
    images = list(dict.fromkeys(facts["image"] for facts in shown if facts["dataset"] == dataset))
    asked = settings["profile"]
    with making(layout.operating_points(run, dataset)):
        rows, maps, timing = operating_points(run, dataset, images, asked["runs"], asked["threads"])
        for path in write_points(rows, maps, run, dataset, **timing):
            print(layout.relative(path))


def tables() -> None:
    """Join measured and published figures into the papers' tables, with a verdict per cell, and test their claims."""
    from resolute import params
    from resolute.core import layout
    from resolute.core.locks import making
    from resolute.published import table_files
    from resolute.tables import make_tables

    settings = params.load()
    with making(layout.tables()):
        make_tables(params.measurements(settings), settings["figures"]["protocol"], layout.reference_files())
    for path in table_files():
        print(layout.relative(path))


def figures(
    name: Annotated[
        str,
        typer.Argument(
            help="tradeoff, curve_<data set>-x<scale>, classes_<network>-<data set>-x<scale>, gain_<name>, "
            "patches_<name>, training_<run>, routing_<run>, shares_<weights>, settings_<image>-<run>, "
            "comparison_<name> or lineage_x<scale>; all where not given."
        ),
    ] = "",
) -> None:
    """Draw the figures: quality against cost, patches, trainings, experts, methods on an image, lineage of weights."""
    from resolute import params
    from resolute.cli.figures import drawings
    from resolute.core import layout
    from resolute.core.errors import ResoluteError, nearest
    from resolute.core.locks import making

    settings = params.load()
    known = drawings(settings)
    if name and name not in known:
        raise ResoluteError(f"unknown figure '{name}': {nearest(name, known)}")
    for one in (name,) if name else known:
        with making(layout.figures() / one):
            known[one]()
    for path in params.figure_files(settings):
        print(layout.relative(path))


def report() -> None:
    """Write reports/index.html, one self-contained page."""
    from resolute import params
    from resolute.core import layout
    from resolute.core.locks import making
    from resolute.published import table_files
    from resolute.report import make_report

    settings = params.load()
    tables = [path for path in table_files() if path.suffix == ".html"]
    figures = [path for path in params.figure_files(settings) if path.suffix in (".svg", ".json")]
    with making(layout.report()):
        kept = [*layout.reference_files(), *layout.gpu_files()]
        make_report(settings, params.measurements(settings), tables, figures, kept)
    print(layout.relative(layout.report()))


def _decibels(metrics: dict[str, Any]) -> str:
    psnr, equal = metrics["psnr"], metrics["equal_images"]
    shown = "      - dB" if psnr is None else f"{psnr:7.3f} dB"
    return f"{shown} ({equal} equal to the original, left out)" if equal else shown

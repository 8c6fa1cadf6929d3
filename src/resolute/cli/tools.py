"""Commands that are no stage: presets, lists, upscaling, scores, verdicts on a paper, what is kept, the machine."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from resolute.cli import arguments
from resolute.cli.arguments import LARGEST_SIDE, AsJson, Scale, Setting, Weights
from resolute.cli.folders import dataset, score
from resolute.cli.printing import print_table
from resolute.core import strict_json
from resolute.core.errors import ResoluteError, UsageError


class Form(StrEnum):
    """What the files of a folder can be made as."""

    PNG = "png"
    JPG = "jpg"
    WEBP = "webp"
    TIF = "tif"
    AVIF = "avif"


class Listed(StrEnum):
    """What `resolute list` can list."""

    METHODS = "methods"
    DATASETS = "datasets"
    PAPERS = "papers"
    PRESETS = "presets"


def register(app: typer.Typer) -> None:
    """Add the tools to the program."""
    app.command("preset")(preset)
    app.command("list")(list_)
    app.command("upscale")(upscale)
    app.command("score")(score)
    app.command("dataset")(dataset)
    app.command("verdict")(verdict)
    app.command("publish")(publish)
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
        print_table(rows)


def upscale(
    paths: Annotated[
        list[str],
        typer.Argument(
            parser=arguments.home,
            metavar="IN... OUT",
            help="A picture and the file to make of it; or pictures, folders and patterns, and a folder.",
        ),
    ],
    method: Annotated[str, typer.Option(help="A method, see `resolute list methods`.")],
    scale: Scale = 4,
    size: Annotated[
        str, typer.Option(metavar="WxH", help="Of the result, in pixels; stands for the scale that makes it.")
    ] = "",
    fit: Annotated[
        str, typer.Option(metavar="WxH", help="A box that the result fits into: enlarged, then reduced to it.")
    ] = "",
    weights: Weights = "published",
    setting: Setting = "",
    form: Annotated[
        Form | None, typer.Option("--format", help="Of the files in a folder.", show_default="as each picture has it")
    ] = None,
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
    """Enlarge pictures: PNG, JPEG, WebP, TIFF, AVIF and BMP, 8 or 16 bits, with alpha, profile and EXIF data.

    Into a folder, what an interrupted call has made already is not made again.
    """
    from resolute import registry
    from resolute.cli.ensure import ensure_weights, parse_size
    from resolute.core import layout
    from resolute.upscale import Enlarger, by_fit, by_scale, by_size, upscale_picture, upscale_pictures

    *sources, out = paths
    if not sources:
        raise UsageError("give a picture and what to make of it: `resolute upscale IN... OUT --method M`")
    if size and fit:
        raise UsageError("give --size or --fit, not both")
    layout.work_outside()
    entry = registry.entry(method)
    if size:
        set_goal, goal = by_size(*parse_size(size)), size
    elif fit:
        set_goal, goal = by_fit(*parse_size(fit), entry), f"fit {fit}"
    else:
        set_goal, goal = by_scale(scale, entry), layout.scale_name(scale)
    enlarger = Enlarger(entry, lambda own: ensure_weights(method, own, weights), setting, tile, overlap)
    source, target = Path(sources[0]), Path(out)
    if len(sources) == 1 and source.is_file() and not (target.is_dir() or out.endswith("/")):
        upscale_picture(enlarger, source, target, set_goal)
        print(target)
        return
    done, failed = upscale_pictures(enlarger, sources, target, f".{form}" if form else "", set_goal, goal)
    for path in done:
        print(path)
    if failed:
        raise ResoluteError(f"{failed} of {failed + len(done)} pictures failed, as said above; the others are made")


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


def publish(
    site: Annotated[
        Path | None,
        typer.Argument(
            parser=arguments.path, metavar="SITE_DIR", help="A new folder, or a site.", show_default="reports/site"
        ),
    ] = None,
    date: Annotated[
        str, typer.Option(metavar="YYYY-MM-DD", help="Of the results.", show_default="when they were written")
    ] = "",
) -> None:
    """Write a static site of all results: leaderboards, a page for every network, and the data with a description."""
    from resolute import params
    from resolute.core import layout
    from resolute.core.locks import making
    from resolute.pages.place import site as usual_site
    from resolute.publish import publish as publish_site
    from resolute.publish import results_date
    from resolute.published.results import read_results
    from resolute.tables import current_results

    settings = params.load()
    results, measured = layout.results_file(), params.measurements(settings)
    if not results.is_file():
        raise ResoluteError("there are no results yet: run `resolute tables`, which says what it lacks")
    if read_results(results) != current_results(measured):
        name = layout.relative(results)
        raise ResoluteError(f"{name} is not of these measurements and params.yaml: run `resolute tables` first")
    folder = (site or usual_site()).resolve()
    with making(folder):
        publish_site(folder, settings, measured, results_date(date))
    print(layout.relative(folder / "index.html"))


def keep(
    gpu: Annotated[Path | None, typer.Argument(help="A folder of results of `make gpu`, instead of this run.")] = None,
) -> None:
    """Keep the means of this run in data/reference/, for git: the report shows them wherever it is made."""
    from resolute import params
    from resolute.core import layout
    from resolute.measurements.reference import keep as keep_means
    from resolute.measurements.reference import keep_gpu

    if gpu:
        print(layout.relative(keep_gpu(gpu)))
        return
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

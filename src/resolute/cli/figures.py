"""The figures that the params call for, and how each is drawn."""

from collections.abc import Callable
from functools import partial
from typing import Any

from resolute import datasets, params
from resolute.core import layout
from resolute.figures import (
    Comparison,
    Crop,
    Photograph,
    Shown,
    draw_classes,
    draw_comparison,
    draw_curves,
    draw_gains,
    draw_lineage,
    draw_patches,
    draw_routing,
    draw_settings,
    draw_shares,
    draw_tradeoff,
    draw_training,
)
from resolute.params import jobs


def drawings(settings: params.Params) -> dict[str, Callable[[], None]]:
    """By its name in `resolute figures`, what draws a figure."""
    shown, measured = settings["figures"], params.measurements(settings)
    derived = jobs.derive(settings)
    found: dict[str, Callable[[], None]] = {"tradeoff": partial(draw_tradeoff, measured, shown["protocol"])}
    for name, job in derived["curves"]["all"].items():
        place = job["dataset"], float(job["scale"])
        found[f"curve_{name}"] = partial(draw_curves, *place, measured, shown["protocol"])
    for name, job in derived["classes"]["all"].items():
        place = job["dataset"], float(job["scale"])
        found[f"classes_{name}"] = partial(draw_classes, name, job["methods"], *place, measured, shown["protocol"])
    for name, facts in shown["gains"].items():
        pair = facts["of"], facts["over"], facts["dataset"], float(facts["scale"])
        found[f"gain_{name}"] = partial(draw_gains, name, *pair, measured)
    for name, facts in shown["photographs"].items():
        found[f"patches_{name}"] = partial(_patches, name, facts)
    for name, job in derived["weights"]["trained"].items():
        steps = params.plan(settings, job["method"]).iterations
        found[f"training_{name}"] = partial(draw_training, name, jobs.weights_of(settings, job), steps)
    published = layout.published_routings()
    for name, job in derived["routings"]["trained"].items():
        found[f"routing_{name}"] = partial(draw_routing, name, jobs.run_of(settings, job), measured, published)
    for name, job in derived["shares"]["all"].items():
        found[f"shares_{name}"] = partial(draw_shares, name, jobs.weights_of(settings, job), measured)
    for name, job in derived["maps"]["all"].items():
        found[f"settings_{name}"] = partial(_settings, settings, name, job)
    for name, job in derived["lineage"]["all"].items():
        found[f"lineage_{name}"] = partial(draw_lineage, float(job["scale"]), jobs.published_at(settings, job["scale"]))
    for name, facts in shown["comparisons"].items():
        found[f"comparison_{name}"] = partial(_comparison, settings, name, facts)
    return found


def _patches(name: str, facts: dict[str, Any]) -> None:
    dataset, index = facts["dataset"], layout.patch_index(facts["dataset"], facts["scale"])
    draw_patches(Photograph(dataset, name, datasets.image(dataset, name).path, index))


def _settings(settings: params.Params, name: str, job: jobs.Job) -> None:
    dataset, scale = job["dataset"], float(job["scale"])
    shown = Shown(
        run=jobs.run_of(settings, job),
        dataset=dataset,
        image=job["image"],
        file=datasets.image(dataset, job["image"], datasets.test_split(dataset), scale).path,
        points=layout.project_root() / job["rows"],
        routes=layout.project_root() / job["routes"],
        quality=layout.project_root() / job["quality"],
        has_original=datasets.entry(dataset).has_originals,
    )
    draw_settings(name, shown, settings["figures"]["protocol"])


def _comparison(settings: params.Params, name: str, facts: dict[str, Any]) -> None:
    dataset, scale = facts["dataset"], float(facts["scale"])
    runs = [run for run, tested in jobs.evaluations(settings) if tested == dataset and run.scale == scale]
    runs = [run for run in runs if run.method in facts.get("methods", [run.method])]
    comparison = Comparison(
        name=name,
        dataset=dataset,
        image=facts["image"],
        scale=scale,
        file=datasets.image(dataset, facts["image"], datasets.test_split(dataset), scale).path,
        archives={run: layout.sr_images(run, dataset) for run in runs},
        crop=None if facts["crop"] == "auto" else Crop(*facts["crop"]),
        has_original=datasets.entry(dataset).has_originals,
    )
    draw_comparison(comparison, params.measurements(settings), settings["figures"]["protocol"])

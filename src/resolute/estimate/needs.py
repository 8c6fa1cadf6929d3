"""What the jobs of `params.yaml` that are not done yet take: downloads, disk, memory and time, stage by stage."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import torch

from resolute import datasets, params, registry
from resolute.core import devices, layout
from resolute.core.errors import ResoluteError
from resolute.core.layout import Span, Weights
from resolute.datasets.manifest import SourceFile, fitting
from resolute.datasets.registry import DataSet
from resolute.datasets.store import read_table
from resolute.estimate import throughput
from resolute.fetch import mirrored
from resolute.methods.plan import Plan
from resolute.params import jobs

# A PNG of a photograph has about half of the bytes of its pixels: DIV2K's 0.47, Set14's 0.53.
PACKED = 0.5
ABOVE_1 = 1.001  # the least scale: as many HR pixels as LR pixels, when sides are rounded


@dataclass
class Need:
    """What a stage takes.

    Attributes:
        stage: its name.
        jobs, done: jobs that are left, and that are done.
        download, disk: bytes of what is left; those of the disk to about a fifth.
        memory: bytes of its largest job.
        seconds: of its jobs one after the other, on `device`; none of what is not timed.
        unknown: what nothing can be said of, and why.
    """

    stage: str
    jobs: int = 0
    done: int = 0
    download: float = 0
    disk: float = 0
    memory: float = 0
    seconds: float = 0
    unknown: list[str] = field(default_factory=list)


def estimate(settings: params.Params, device: str = "") -> list[Need]:
    """The stages of a run in the order of the DAG, as far as anything can be said of them beforehand.

    Args:
        settings: what `params.load` or a preset gives.
        device: that the run is on; the one that is here where it is not given.
    """
    device = device or devices.accelerator()
    found = jobs.derive(settings)
    return [
        _fetch(settings, found),
        _degrade(found),
        _patches(found),
        _train(settings, found, device),
        _evaluate(settings, found, device),
    ]


def _fetch(settings: params.Params, found: Mapping[str, Any]) -> Need:
    need = Need("fetch")
    for name in (name for group in found["sets"].values() for name in group):
        if _is_done(need, layout.raw_manifest(name)):
            continue
        dataset = datasets.entry(name)
        if dataset.source.kind == "manual":
            need.unknown.append(f"{name} is placed by hand: {dataset.source.instruction}")
            continue
        files = list(_source_files(dataset, settings))
        need.disk += sum(size for _, size in files) * (2 if dataset.source.kind == "archive" else 1)
        need.download += sum(size for url, size in files if url and not _is_mirrored(url))
    for job in found["weights"]["published"].values():
        if _is_done(need, layout.project_root() / job["weights"]):
            continue
        file = registry.entry(job["method"]).published[job["tag"]].files[Span.parse(job["span"])]
        need.disk += file.bytes
        need.download += 0 if _is_mirrored(file.url) else file.bytes
        if not file.bytes:
            need.unknown.append(f"the size of {file.url}")
    return need


def _degrade(found: Mapping[str, Any]) -> Need:
    need = Need("degrade")
    for job in found["reductions"]["all"].values():
        if not _is_done(need, layout.lr_manifest(job["dataset"], job["scale"])):
            need.disk += 3 * PACKED * _lr_pixels(job["dataset"], job["scale"])
    return need


def _patches(found: Mapping[str, Any]) -> Need:
    need = Need("patches")
    for name in (*found["packs"]["hr"], *found["packs"]["union_hr"]):
        if not _is_done(need, layout.hr_contents(name)):
            need.disk += 3 * sum(map(_pixels, datasets.entry(name).parts))
    for job in (*found["packs"]["lr"].values(), *found["packs"]["union_lr"].values()):
        if not _is_done(need, layout.patch_index(job["dataset"], job["scale"])):
            need.disk += 3 * sum(map(_pixels, datasets.entry(job["dataset"]).parts)) / job["scale"] ** 2
    return need


def _train(settings: params.Params, found: Mapping[str, Any], device: str) -> Need:
    need, timed = Need("train"), dict[tuple[str, float], tuple[float, int]]()
    for job in found["weights"]["trained"].values():
        wanted = jobs.weights_of(settings, job)
        if _is_done(need, layout.weights(wanted)):
            continue
        plan = params.plan(settings, wanted.method)
        try:
            # All seeds take the same. Of a span from x1, a learner draws as many HR pixels as there are LR pixels.
            key = wanted.method, max(wanted.span.low, ABOVE_1)
            timed[key] = timed.get(key) or _training(*key, plan, device)
        except (RuntimeError, TypeError, ValueError, ResoluteError) as error:
            need.unknown.append(f"{wanted.method}: {error}")
            continue
        seconds, memory = timed[key]
        need.seconds += throughput.start_seconds() + seconds * (1 - _steps_done(wanted) / plan.iterations)
        need.memory = max(need.memory, memory)
    return need


def _training(method: str, scale: float, plan: Plan, device: str) -> tuple[float, int]:
    """The seconds of a whole plan, and the memory of its largest phase."""
    sizes = {(phase.batch_size, phase.lr_patch_size): phase for phase in plan.phases}
    step = {size: throughput.step_seconds(method, scale, phase, device) for size, phase in sizes.items()}
    seconds = sum(phase.iterations * step[phase.batch_size, phase.lr_patch_size] for phase in plan.phases)
    return seconds, max(throughput.step_bytes(method, scale, phase) for phase in sizes.values())


def _steps_done(wanted: Weights) -> int:
    """The steps of a training that was interrupted, as its checkpoint has them."""
    path = layout.checkpoint(wanted)
    if not path.is_file():
        return 0
    try:
        return int(torch.load(path, map_location="cpu", weights_only=True, mmap=True)["step"])
    except (OSError, RuntimeError, KeyError, ValueError):
        return 0  # damaged: the training says so, and starts anew


def _evaluate(settings: params.Params, found: Mapping[str, Any], device: str) -> Need:
    need = Need("evaluate")
    protocols = settings["evaluate"]["protocols"]
    for job in (job for group in found["evaluations"].values() for job in group.values()):
        if _is_done(need, layout.project_root() / job["rows"]):
            continue
        method, scale = job["method"], float(job["scale"])
        points = max(1, len(registry.entry(method).settings))
        try:
            need.seconds += _upscaling(method, scale, device) * _lr_pixels(job["dataset"], scale)
        except (RuntimeError, ValueError, ResoluteError) as error:
            need.unknown.append(f"{method}: {error}")
            continue
        need.seconds += throughput.start_seconds()
        if datasets.entry(job["dataset"]).has_originals:
            need.seconds += points * _measuring(tuple(protocols), scale) * _pixels(job["dataset"])
        need.disk += 2**14
    return need


_upscaling = cache(throughput.pixel_seconds)
_measuring = cache(throughput.metric_seconds)


def _is_done(need: Need, path: Path) -> bool:
    """Whether a job's output is there; counts the job."""
    there = path.is_file()
    need.done += there
    need.jobs += not there
    return there


@cache
def _pixels(name: str) -> float:
    """HR pixels of a data set: as they are on record, or else as the size of its files lets expect."""
    manifest = layout.raw_manifest(name)
    if manifest.is_file():
        return sum(int(row["width"]) * int(row["height"]) for row in read_table(manifest))
    dataset = datasets.entry(name)
    if dataset.source.kind == "derived":
        return _pixels(dataset.source.of[0]) / dataset.source.reduce**2
    return sum(size for _, size in _source_files(dataset, {"scales": [], "data": {"splits": {}}})) / PACKED / 3


@cache
def _lr_pixels(name: str, scale: float) -> float:
    """LR pixels of a data set at a scale; likewise."""
    dataset, manifest = datasets.entry(name), layout.raw_manifest(name)
    if dataset.has_originals:
        return _pixels(name) / scale**2
    if manifest.is_file():
        rows = [row for row in read_table(manifest) if float(row["scale"]) == scale]
        return sum(int(row["width"]) * int(row["height"]) for row in rows)
    return sum(file.bytes for file in dataset.files("lr") if file.scale == scale) / PACKED / 3


def _source_files(dataset: DataSet, settings: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    """The URL, which an installed package needs none of, and the bytes of what a data set is fetched from."""
    source = dataset.source
    if source.kind == "archive":
        yield source.url, source.bytes
    elif source.kind in ("embedded", "files", "folder"):
        splits = settings["data"]["splits"].get(dataset.name) or dataset.default_splits
        files = [one for one in dataset.files() if one.split in splits]
        for file in _chosen(files, settings["scales"]) if dataset.has_originals else dataset.files("lr"):
            yield (source.url + quote(file.path) if source.kind == "files" else ""), file.bytes


def _chosen(files: Sequence[SourceFile], scales: Iterable[float]) -> list[SourceFile]:
    """Those that the scales need."""
    wanted: list[float | None] = [float(scale) for scale in scales] or [None]
    return list({file: None for scale in wanted for file in fitting(files, scale, "a data set", "choose another")})


def _is_mirrored(url: str) -> bool:
    place = mirrored(url)
    return bool(place and place.is_file())

"""What is fetched: HR images, checked and put in their place, and published weights.

The weights are converted once, to safetensors under our own parameter names.
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

from resolute import datasets, methods, registry
from resolute.core import layout
from resolute.core.errors import ResoluteError
from resolute.core.locks import making
from resolute.core.provenance import file_sha256
from resolute.datasets import DataSet, HRImage
from resolute.datasets.reader import write_images
from resolute.fetch import key_maps
from resolute.fetch.first_use import check_first_use, record_first_use
from resolute.fetch.kinds import Arrival, archive_file, arrive
from resolute.fetch.parallel import each
from resolute.fetch.placement import put_in_place
from resolute.fetch.transfer import download
from resolute.images.files import read_image
from resolute.methods import weights


def fetch_dataset(name: str, scales: Iterable[float] = (), splits: Iterable[str] = ()) -> Path:
    """Bring the HR images of a data set to `data/raw/<name>/`, with LR images that go with them, and write the manifest
    of the former, or of the latter where there are no others.

    Files that are already there and right are kept, wrong ones that an earlier fetch put there replaced. The folder
    may be a link, and a user may keep other files in it: they are never touched. Nothing is put into the folder
    before all of it has arrived and could be decoded; what arrived before a failure waits in `data/raw/<name>.part/`
    for the next call.

    Args:
        name: a name of the registry.
        scales: only the files that these scales need, where a data set has HR images per scale; empty for its
            own least cropped ones.
        splits: only these splits; empty for those that are not optional.

    Returns:
        The manifest.

    Raises:
        ResoluteError: unknown data set or split, an image that is not to be had, is not the one on record or
            cannot be decoded, a user's file in the place of one, or a data set to be placed by hand that is not there
            (says what to put where), or a set that is made here is not that of the papers.
    """
    dataset = datasets.entry(name)
    chosen = tuple(splits) or dataset.default_splits
    for split in chosen:
        dataset.split(split)
    staging = layout.raw_images(name).with_name(f"{name}.part")
    with making(layout.raw_images(name)):  # who has waited finds all of it there
        arrivals = arrive(dataset, chosen, tuple(scales), staging)
        is_known = dataset.source.kind != "archive" or bool(dataset.source.sha256)
        try:
            found = each(partial(_measured, dataset), arrivals, os.cpu_count())
        except ResoluteError:
            if not is_known:  # the next call must not take the same answer for right
                archive_file(dataset, staging).unlink(missing_ok=True)
            raise
        _check_patches(dataset, found)
        if not is_known:
            record_first_use(dataset.source.url, archive_file(dataset, staging))
        put_in_place(name, list(zip((arrival.path for arrival in arrivals), found, strict=True)))
        role = "hr" if dataset.has_originals else "lr"
        listed = [image for arrival, image in zip(arrivals, found, strict=True) if arrival.role == role]
        manifest = write_images(name, listed)
        _tidy(dataset, staging)
    return manifest


def _measured(dataset: DataSet, arrival: Arrival) -> HRImage:
    height, width = read_image(arrival.path).shape[:2]
    least = dataset.source.minimum_side
    if min(height, width) < least:
        what = f"{arrival.image} of {dataset.name} has {width}x{height} pixels instead of at least {least}"
        raise ResoluteError(f"{what}: {dataset.source.instruction}")
    return HRImage(
        name=arrival.image,
        split=arrival.split,
        path=layout.raw_images(dataset.name) / arrival.file,
        sha256=file_sha256(arrival.path),
        width=width,
        height=height,
        scale=arrival.scale,
    )


def _check_patches(dataset: DataSet, found: Sequence[HRImage]) -> None:
    """Refuse images, made here, that have more or fewer patches than those that the papers measured on."""
    count = sum(_patches(image.height) * _patches(image.width) for image in found)
    if dataset.patches and count != dataset.patches:
        raise ResoluteError(
            f"{dataset.name} has {count} LR patches at x4 instead of the {dataset.patches} of the papers: "
            f"check that the images of {dataset.source.of[0]} are the original ones"
        )


def _patches(side: int) -> int:
    """How many LR patches of 32 pixels at a stride of 28 lie along an HR side, at x4."""
    return max(0, (side // 4 - 32) // 28 + 1)


def _tidy(dataset: DataSet, staging: Path) -> None:
    """Remove what was staged: the images have left for their places."""
    if dataset.source.kind == "archive":
        archive_file(dataset, staging).unlink(missing_ok=True)
    for folder, _, _ in os.walk(staging, topdown=False):
        with suppress(OSError):  # what broke off earlier and was not asked for now stays
            Path(folder).rmdir()


def fetch_weights(method: str, tag: str = "", scale: float = 4) -> Path:
    """Write `data/weights/published/<method>/<tag>/<span>.safetensors`, the weights for a scale.

    Every tensor of the published file must find its place in the network, and every tensor of the network its
    value, but for those that the registry names as unused.

    Raises:
        ResoluteError: the method has no such weights, the file is not to be had or not the one on record, or
            its tensors do not fit.
    """
    entry = registry.entry(method)
    name = entry.tag(tag)
    wanted = registry.weights_of(registry.find_run(method, scale, f"published-{name}"))
    target = layout.weights(wanted)
    published = entry.published[name]
    if not published.files:
        raise ResoluteError(f"{method} needs no weights: there is nothing to fetch")
    file = published.files[wanted.span]
    facts = {
        "url": file.url,
        "known_by": str(file.checksum),
        "source": published.source,
        "licence": published.licence,
        "training_data": published.training_data,
    }
    with making(target) as waited:
        if waited and target.is_file() and _is_made_as(target, facts):
            return target
        original = target.with_name(f"{target.stem}.published{Path(file.url).suffix}")
        try:
            fetch_original(file, original)
            state = key_maps.rename(weights.read_checkpoint(original, published.inside), published)
            weights.load_state(methods.build(method, scale), state, f"{original.name} of {method}")
            weights.save_weights(target, state, {**facts, "sha256": file_sha256(original)})
            if not file.checksum.is_whole:
                record_first_use(file.url, original, f"{file.checksum} alone")
        finally:
            original.unlink(missing_ok=True)
    return target


def fetch_original(file: registry.WeightFile, target: Path) -> None:
    """Bring a published checkpoint as its makers have it; raises as `fetch_weights` does."""
    download(file.url, file.checksum, file.bytes, target)
    if not file.checksum.is_whole:
        check_first_use(file.url, target)


def _is_made_as(target: Path, facts: Mapping[str, str]) -> bool:
    """Whether weights are made of a published file as the registry has it, whatever its sha256 turned out to be."""
    return {name: fact for name, fact in weights.read_provenance(target).items() if name != "sha256"} == facts

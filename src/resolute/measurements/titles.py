"""How a reader is told of measurements: names of methods and data sets, and words for what the numbers leave open."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from resolute import datasets, registry
from resolute.core import layout
from resolute.measurements.long_form import read_provenance


def method_title(method: str, setting: str = "", weights: str = "") -> str:
    """The method's name as a reader knows it, with its operating point; the id itself where the registry lacks it.

    Of the `weights`, those are named that were imported: others of the same method stand beside them.
    """
    title = registry.entry(method).title if method in registry.names() else method
    return ", ".join(filter(None, (title, layout.own_name(weights) and weights, setting)))


def dataset_title(dataset: str) -> str:
    """The data set's name as a reader knows it; the id itself where the registry lacks it."""
    return datasets.entry(dataset).title if dataset in datasets.names() else dataset


def has_originals(dataset: str) -> bool:
    """Whether a data set is scored, as all are but LR images alone; one that the registry lacks was."""
    return dataset not in datasets.names() or datasets.entry(dataset).has_originals


def equal_words(images: int) -> str:
    """`1 image that equals its original is left out of the mean`."""
    which = "image that equals its original is" if images == 1 else "images that equal their originals are"
    return f"{images} {which} left out of the mean"


def timing(paths: Iterable[Path]) -> str:
    """How the latencies of measurement files were taken, as they record it: `Intel Xeon, 2 threads, float32`.

    Several ways are separated by semicolons; none, where nothing was timed, are empty.
    """
    recorded = [facts for facts in map(read_provenance, paths) if "precision" in facts]
    return "; ".join(sorted({_timed(facts) for facts in recorded}))


def _timed(facts: Mapping[str, Any]) -> str:
    threads = facts.get("threads")
    count = [f"{threads} thread{'' if threads == 1 else 's'}"] if threads else []
    return ", ".join([facts["device"], *count, facts["precision"]])

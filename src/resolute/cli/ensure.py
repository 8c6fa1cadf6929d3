"""What a command makes ready for itself when it is called outside of the DAG."""

import re
from collections.abc import Callable
from pathlib import Path

from resolute import datasets, params, registry
from resolute.core import layout
from resolute.core.errors import ResoluteError


def ensure_weights(method: str, scale: float, asked: str) -> layout.Run:
    """The run that is asked for; published weights that are not here yet are fetched, checkpoints converted."""
    entry = registry.entry(method)
    entry.check_scale(scale)
    if Path(asked).suffix and (given := _given(method, scale, asked)):
        return given
    run = registry.find_run(method, scale, asked)
    weights = registry.weights_of(run)
    if weights.is_published:
        tag = weights.name.removeprefix("published-")
        if entry.published[tag].files and not layout.weights(weights).is_file():
            from resolute.fetch import fetch_weights

            fetch_weights(method, tag, scale)
    return run


def _given(method: str, scale: float, asked: str) -> layout.Run | None:
    """The run with a checkpoint's weights; None for what is called otherwise."""
    from resolute.weights import SUFFIXES, given

    if asked.endswith(".safetensors"):
        registry.find_run(method, scale, asked)  # says what is wrong with the path
    elif not asked.endswith(SUFFIXES):
        return None
    return given(Path(asked), method, scale)


def ensure_images(dataset: str, scale: float) -> None:
    """Fetch a data set, and make its LR images, where they are not here yet or are no longer what they should be."""
    split = datasets.test_split(dataset)
    if not (_is_here(datasets.fetched, dataset, split, scale) and _is_here(datasets.fetched, dataset, "", scale)):
        from resolute.fetch import fetch_dataset

        # The params' scales too: what a workflow has fetched must stay.
        settings = params.load()
        splits = {split, *settings["data"]["splits"].get(dataset, [])}
        fetch_dataset(dataset, sorted({scale, *map(float, settings["scales"])}), sorted(splits))
    if not _is_here(datasets.lr_images, dataset, "", scale):
        from resolute.degrade import degrade

        degrade(dataset, scale)


def _is_here(listed: Callable[[str, str, float], object], dataset: str, split: str, scale: float) -> bool:
    try:
        listed(dataset, split, scale)
    except ResoluteError:
        return False
    return True


def parse_size(text: str) -> tuple[int, int]:
    """`256x192` as width and height."""
    match = re.fullmatch(r"([1-9][0-9]{0,4})x([1-9][0-9]{0,4})", text)
    if match is None:
        raise ResoluteError(f"'{text}' is no size: write WIDTHxHEIGHT with up to 5 digits each, such as 256x256")
    return int(match[1]), int(match[2])

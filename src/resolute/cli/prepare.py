"""What a command makes ready for itself when it is called outside of the DAG."""

import re

from resolute import datasets, params, registry
from resolute.core import layout
from resolute.core.errors import ResoluteError


def ensure_weights(method: str, scale: float, asked: str) -> None:
    """Fetch published weights that are not here yet."""
    entry = registry.entry(method)
    entry.check_scale(scale)
    name, path = registry.find_weights(method, scale, asked)
    if not layout.Run(method, scale, name).is_published:
        return
    tag = name.removeprefix("published-")
    if entry.published[tag].files and not path.is_file():
        from resolute.fetch import fetch_weights

        fetch_weights(method, tag, scale)


def ensure_images(dataset: str, scale: float) -> None:
    """Fetch a data set, and make its LR images, where they are not here yet."""
    try:
        datasets.images(dataset, scale=scale)
    except ResoluteError:
        from resolute.fetch import fetch_dataset

        # The params' scales too: what a workflow has fetched must stay.
        settings = params.load()
        splits = {datasets.test_split(dataset), *settings["data"]["splits"].get(dataset, [])}
        fetch_dataset(dataset, sorted({scale, *map(float, settings["scales"])}), sorted(splits))
    if not layout.lr_manifest(dataset, scale).is_file():
        from resolute.degrade import degrade

        degrade(dataset, scale)


def parse_size(text: str) -> tuple[int, int]:
    """`256x192` as width and height."""
    match = re.fullmatch(r"([1-9]\d*)x([1-9]\d*)", text)
    if match is None:
        raise ResoluteError(f"'{text}' is no size: write WIDTHxHEIGHT, such as 256x256")
    return int(match[1]), int(match[2])

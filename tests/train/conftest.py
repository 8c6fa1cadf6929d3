"""A tiny training: packed patches of the embedded photographs, and the command that trains on them."""

from pathlib import Path

import pytest

from resolute import datasets
from resolute.degrade import degrade
from resolute.fetch import fetch_dataset
from resolute.patches import make_patches, pack_hr


@pytest.fixture
def packed(checkout: Path) -> Path:
    """A checkout in which the embedded photographs are ready for training at x4."""
    split = datasets.training_split("embedded")
    fetch_dataset("embedded", [4.0], [split])
    degrade("embedded", 4.0)
    pack_hr("embedded", [split])
    make_patches("embedded", 4.0, lr_size=24, lr_stride=24, categories=4)
    return checkout

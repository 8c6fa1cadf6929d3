"""Data sets beside all that the registry has: a union of two small ones, and folders of somebody's own."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skimage.data
import yaml

from resolute.cli.folders import Use, dataset
from resolute.datasets import registry
from resolute.datasets.manifest import read_manifest
from resolute.images.files import write_png
from resolute.params import presets

SETS: dict[str, dict[str, Any]] = {
    "left": {
        "source": {"kind": "manual", "instruction": "draw it."},
        "splits": {"train": {"use": "train", "images": 2}},
    },
    "right": {
        "source": {"kind": "manual", "instruction": "draw it."},
        "splits": {"train": {"use": "train", "images": 1}, "test": {"use": "test", "images": 1, "names": "1-1"}},
    },
    "both": {"source": {"kind": "union", "of": ["left", "right"]}},
}

SIDES = {"astronaut": (66, 82), "coffee": (65, 67)}  # height and width; no multiples of 4


def picture(seed: int, height: int, width: int) -> np.ndarray:
    """Noise with something to see in it."""
    noise = np.random.default_rng(seed).integers(0, 40, (height, width, 3))
    return (noise + np.arange(width)[:, None] % 200).astype(np.uint8)


@pytest.fixture
def union(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A checkout whose preset `own` trains IMDN tiny at x2 and x4 on the data set `both` of `left` and `right`."""
    folder = checkout / "registry"
    shutil.copytree(registry.FOLDER, folder)
    facts = {**dict.fromkeys(("title", "citation", "licence"), "own"), "page": "https://host/page"}
    own = {name: {**facts, **({} if name == "both" else {"variant": "mirror"}), **one} for name, one in SETS.items()}
    for name, one in own.items():
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(one, sort_keys=False))
    monkeypatch.setattr(registry, "FOLDER", folder)
    forget()
    for number, (place, height, width) in enumerate([("left/a", 100, 131), ("left/b", 97, 120), ("right/1", 110, 96)]):
        path = checkout / f"data/manual/{place}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_png(path, picture(number, height, width))
    preset = yaml.safe_load(Path("workflow/presets/quick.yaml").read_text())
    preset["data"] = {"train": ["embedded"], "test": ["embedded"]}
    preset["methods"] = {"published": [], "trained": ["imdn_tiny"], "counted": [], "timed": []}
    preset["patches"] = {"lr_size": 16, "lr_stride": 8, "categories": 4}
    preset["train"] |= {"iterations": 3, "batch_size": 2, "lr_patch_size": 16}
    preset["figures"] = {"protocol": "y_basicsr", "photographs": {}}
    preset["recipes"] = {"imdn_tiny": {"data": "both"}}
    Path("workflow/presets/own.yaml").write_text(yaml.safe_dump(preset))
    presets.write("own")
    yield checkout
    monkeypatch.undo()
    forget()


def forget() -> None:
    """What a new process would not know."""
    for known in (registry.names, registry.entry, read_manifest):
        known.cache_clear()


@pytest.fixture
def photos(project: Path) -> Iterator[Path]:
    """A folder of photographs beside what no image file is, in a project of its own."""
    folder = project / "elsewhere/my photos"
    for name, (height, width) in SIDES.items():
        write_png(folder / f"{name}.png", np.ascontiguousarray(getattr(skimage.data, name)()[100:][:height, :width]))
    (folder / "notes.txt").write_text("no image")
    forget()
    yield folder
    forget()


def record(name: str, hr: str | Path = "", lr: dict[int, Path] | None = None, use: Use | None = None) -> None:
    """What `resolute dataset` does, in a process of its own."""
    forget()
    dataset(name, str(hr), [f"{scale}={place}" for scale, place in (lr or {}).items()], use)
    forget()

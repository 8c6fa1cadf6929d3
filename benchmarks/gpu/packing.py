"""Collecting, where there is a network or a mirror, what a machine with a GPU needs that has neither."""

import json
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.gpu import store
from benchmarks.gpu.pixels import SCALE, TEST_SETS, TRAINING_SET
from benchmarks.gpu.place import ROOT, WORK, enter_project
from benchmarks.gpu.published import WEIGHTS, weights_file
from resolute import datasets, registry
from resolute.core.errors import ResoluteError
from resolute.degrade import degrade
from resolute.fetch import fetch_dataset, fetch_weights
from resolute.images.files import read_image, to_rgb
from resolute.images.pack import shown

LARGEST = 60 << 20  # bytes of a pack and the checkout together
TRAINING_IMAGES = 80  # of BSDS500's 200: all of them would take 36 MiB
# What importing the package's needed parts takes beside torch, what torch itself needs, and numpy; and pytest.
PACKAGES = (
    *("lightning-fabric", "lightning-utilities", "packaging", "platformdirs", "rich", "markdown-it-py", "mdurl"),
    *("pygments", "pyyaml", "safetensors", "jsonschema", "jsonschema-specifications", "referencing", "rpds-py"),
    *("attrs", "nvidia-ml-py", "pytest", "pluggy", "iniconfig", "pytest-timeout", "hypothesis", "sortedcontainers"),
)
PYTHON = "3.12"
PLATFORMS = tuple(f"manylinux{name}_x86_64" for name in ("_2_28", "_2_17", "2014", "2010", "1"))


def pack(target: Path) -> None:
    """Write the pack, checked to be small enough; what has been fetched for it stays in `work/gpu/home`.

    Raises:
        ResoluteError: something is not to be had, or the pack is too large.
    """
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    _fetch_wheels(target / "wheels")
    enter_project(WORK / "home")
    for dataset in (TRAINING_SET, *TEST_SETS):
        training = dataset == TRAINING_SET
        split = datasets.training_split(dataset) if training else datasets.test_split(dataset)
        _save_pairs(dataset, split, TRAINING_IMAGES if training else None, target / f"{dataset}.zip")
    for name in WEIGHTS:
        # A method's first weights are its default ones.
        weights = fetch_weights(name, registry.entry(name).tag(""), SCALE)
        weights_file(target, name).parent.mkdir(exist_ok=True)
        shutil.copyfile(weights, weights_file(target, name))
    facts = {"commit": _git("describe", "--always", "--abbrev=12", "--exclude=*", "--dirty").strip()}
    facts |= {"date": datetime.now(UTC).date().isoformat(), "training_images": str(TRAINING_IMAGES)}
    (target / "facts.json").write_text(json.dumps(facts, indent=1) + "\n")
    _check_size(target)


def _fetch_wheels(folder: Path) -> None:
    words = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:", "-d", str(folder)]
    words += ["-c", str(ROOT / "requirements.lock"), "--python-version", PYTHON, "--implementation", "cp"]
    words += [word for platform in PLATFORMS for word in ("--platform", platform)]
    if subprocess.run([*words, *PACKAGES], check=False).returncode:
        raise ResoluteError("pip could not fetch the packages that the GPU's machine lacks, see above")


def _save_pairs(dataset: str, split: str, count: int | None, target: Path) -> None:
    fetch_dataset(dataset, [SCALE], [split])
    degrade(dataset, SCALE)
    originals = datasets.images(dataset, split, SCALE)[:count]
    reduced = {lr.name: lr for lr in datasets.lr_images(dataset, split, SCALE)}
    images = {}
    for original in originals:
        lr = to_rgb(read_image(reduced[original.name].path))
        images[f"lr/{original.name}"] = lr
        images[f"hr/{original.name}"] = shown(to_rgb(read_image(original.path)), lr, SCALE)
    store.save(target, images)
    print(f"{target.name}: {len(originals)} images", flush=True)


def _check_size(folder: Path) -> None:
    packed = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    listed = _git("ls-files", "-z").split("\0")
    checkout = sum(path.stat().st_size for name in listed if (path := ROOT / name).is_file())
    said = f"{(packed + checkout) / 2**20:.1f} MiB: the pack {packed / 2**20:.1f}, the checkout {checkout / 2**20:.1f}"
    if packed + checkout > LARGEST:
        raise ResoluteError(f"{said}; {LARGEST >> 20} MiB may travel: lower TRAINING_IMAGES in {__name__}")
    print(f"{folder}: {said}", flush=True)


def _git(*words: str) -> str:
    return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=True).stdout

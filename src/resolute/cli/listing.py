"""What `list` and `doctor` show, as plain values."""

import os
import platform
from importlib.metadata import version
from typing import Any

from resolute import datasets as dataset_registry
from resolute import params, registry
from resolute.core import devices, layout
from resolute.core.provenance import processor
from resolute.params import presets as preset_files
from resolute.published import read_facts, spec_files

PACKAGES = ("resolute", "torch", "lightning-fabric", "numpy", "pillow", "scikit-image", "snakemake", "dvc")


def methods() -> list[dict[str, Any]]:
    """Every method of the registry."""
    rows = []
    for name in registry.names():
        entry = registry.entry(name)
        rows.append(
            {
                "method": name,
                "title": entry.title,
                "family": entry.family,
                "scales": [f"x{scale:g}" for scale in entry.scales] or ["any"],
                "published": list(entry.published),
                "trainable": entry.trainable,
                "year": entry.paper.get("year", ""),
            }
        )
    return rows


def datasets() -> list[dict[str, Any]]:
    """Every data set, and whether its images are here."""
    rows = []
    for name in dataset_registry.names():
        entry = dataset_registry.entry(name)
        here = all(layout.raw_manifest(part).is_file() for part in entry.parts)
        variant = "given" if entry.source.lr else entry.variant
        rows.append({"dataset": name, "title": entry.title, "variant": variant, "here": "yes" if here else "no"})
    return rows


def papers() -> list[dict[str, Any]]:
    """Every table that `resolute verdict` takes, by paper."""
    return [
        {"paper": path.parent.name, "table": path.stem, "title": read_facts(path)["title"]} for path in spec_files()
    ]


def presets() -> list[dict[str, Any]]:
    """Every preset, and which one params.yaml was written from."""
    current = params.load()["preset"]
    return [{"preset": name, "current": "yes" if name == current else ""} for name in preset_files.names()]


def doctor() -> dict[str, dict[str, str]]:
    """Versions, devices and what is here."""
    import torch

    gpus = {f"gpu {index}": torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())}
    return {
        "installed": {"python": platform.python_version(), **{name: _version(name) for name in PACKAGES}},
        "devices": {"cpu": f"{processor()}, {os.cpu_count()} cores", **(gpus or {"gpu": "none"})},
        "may be used": {"gpus": ", ".join(devices.visible_gpus()) or "none"},
        "mirror": {"RESOLUTE_MIRROR": os.environ.get("RESOLUTE_MIRROR", "not set")},
        "data sets here": {row["dataset"]: row["here"] for row in datasets()},
        "published weights here": {
            row["method"]: _weights_here(row["method"]) for row in methods() if row["published"]
        },
    }


def _version(package: str) -> str:
    from importlib.metadata import PackageNotFoundError

    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _weights_here(method: str) -> str:
    folder = layout.project_root() / "data/weights/published" / method
    found = sorted(path.stem for path in folder.glob("*/*.safetensors"))
    return ", ".join(found) if found else "no"

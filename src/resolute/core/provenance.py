"""How an artefact came to be: versions, device, seed, parameters; kept inside it or beside it."""

import hashlib
import json
import platform
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

PACKAGES = ("resolute", "torch", "numpy", "pillow", "scikit-image")


def digest(value: Any) -> str:
    """A short sha256 of anything JSON can hold: equal values, equal digests."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]


def file_sha256(path: Path) -> str:
    """The sha256 of a file, as 64 hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@cache
def processor() -> str:
    """The CPU's own name, as the report shows it."""
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def provenance(**facts: Any) -> dict[str, Any]:
    """Versions and platform, and whatever else the caller knows (device, seed, parameters)."""
    packages = {name: version(name) for name in PACKAGES}
    return {"python": platform.python_version(), "platform": platform.system(), **packages, **facts}

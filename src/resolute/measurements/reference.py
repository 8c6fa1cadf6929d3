"""Measurements that are kept with the project: means of whole runs, one file per device and preset, and of GPUs."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from resolute.core import layout
from resolute.core.errors import ResoluteError
from resolute.core.provenance import PACKAGES
from resolute.core.reading import reading
from resolute.measurements.averages import means
from resolute.measurements.long_form import COLUMNS, read, write


def keep(measured: Sequence[Path], params: Mapping[str, Any]) -> Path:
    """Write the means of all measurements as `data/reference/<device>/<preset>.parquet`, with what was trained how.

    Args:
        measured: the measurement files of a run.
        params: the configuration that called for them.

    Raises:
        ResoluteError: a file is not there, or several devices have measured.
    """
    found = means(read(*measured))
    named = sorted(set(found["device"]) - {""})
    if len(named) != 1:
        raise ResoluteError(f"what is kept is of one device, but {' and '.join(named) or 'none'} measured this run")
    target = layout.reference(_folder(named[0]), params["preset"])
    plan = {name: params[name] for name in ("seeds", "train", "recipes")}
    write(target, found[COLUMNS.names].to_dict("records"), preset=params["preset"], device=named[0], **plan)
    return target


def keep_gpu(out: Path) -> Path:
    """Write what `make gpu` has measured on another machine as `data/reference/<device>/gpu.parquet`.

    Args:
        out: its folder of results, with `rows.json`.

    Raises:
        ResoluteError: the file is absent or damaged, or is of a smoke run.
    """
    path = out / "rows.json"
    with reading(path, "`make gpu` makes it, on a machine with a GPU"):
        content = json.loads(path.read_bytes())
        facts, rows = dict(content["facts"]), [dict(row) for row in content["rows"]]
        device = str(facts["device"])
    if facts["smoke"]:
        raise ResoluteError(f"{path} is of a smoke run, on a CPU: what is kept is of a GPU")
    target = layout.reference(_folder(device), "gpu")
    described = {"source": "measured", "device": device}
    # Versions are those of the other machine, not of this one.
    write(target, [{**described, **row} for row in rows], **{**dict.fromkeys(PACKAGES, ""), **facts})
    return target


def _folder(device: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", device.lower()).strip("-")

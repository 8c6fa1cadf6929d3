"""Measurements that are kept with the project: means of whole runs, one file per device and preset."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from resolute.core import layout
from resolute.core.errors import ResoluteError
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
    target = layout.reference(re.sub(r"[^a-z0-9]+", "-", named[0].lower()).strip("-"), params["preset"])
    plan = {name: params[name] for name in ("seeds", "train", "recipes")}
    write(target, found[COLUMNS.names].to_dict("records"), preset=params["preset"], device=named[0], **plan)
    return target

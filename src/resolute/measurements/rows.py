"""Rows of the long form as plain mappings, and what can be told of one."""

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from resolute.core import layout

Record = Mapping[str, Any]
"""One row of the long form."""
Key = tuple[str, str, str, str, float]

BASELINE = "bicubic"
EQUAL = "equal_images"


def records(rows: pd.DataFrame) -> list[Record]:
    """The rows as plain mappings from column to value."""
    return [{str(name): value for name, value in record.items()} for record in rows.to_dict("records")]


def key(record: Record) -> Key:
    """What a quality is of: method, weights, setting, data set and scale. Two of them are never one."""
    return record["method"], record["weights"], record["setting"], record["dataset"], record["scale"]


def is_infinite(record: Record) -> bool:
    """Whether a mean is of images that all equal their originals."""
    return bool(record.get(EQUAL, 0)) and math.isnan(record["value"])


def is_trained(weights: str) -> bool:
    """Whether a long form's `weights` were trained here: neither published, nor imported, nor none at all (costs)."""
    return weights != "" and not weights.startswith("published-") and not layout.own_name(weights)


def is_cost(record: Record) -> bool:
    """Whether a record is of the network alone, whatever its weights: counts, time, memory."""
    return record["weights"] == "" and record["dataset"] == ""

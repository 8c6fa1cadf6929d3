"""JSON that every parser reads: what is not finite is null.

Python writes `NaN` and `Infinity`, which are no JSON. A PSNR is infinite where two images are equal; whoever counts
these says so beside (`equal_images`).
"""

import json
import math
from collections.abc import Mapping
from typing import Any


def dumps(value: Any, **style: Any) -> str:
    """Any value as JSON text; `style` is what `json.dumps` takes (`indent`, `sort_keys`)."""
    return json.dumps(finite(value), allow_nan=False, **style)


def finite(value: Any) -> Any:
    """The same value with None for every number that is not finite, however deep."""
    if isinstance(value, Mapping):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value

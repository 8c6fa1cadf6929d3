"""Everything measured and everything published in one tidy long form: read, written, told apart and averaged.

What a reader is shown of it has names and words, in `resolute.measurements.titles`: no stage that measures runs them.
"""

from resolute.measurements.averages import at_own_size, means, over_patches, over_pixels, over_seeds, shares
from resolute.measurements.long_form import COLUMNS, frame, read, read_provenance, write
from resolute.measurements.rows import BASELINE, EQUAL, Key, Record, is_cost, is_infinite, is_trained, key, records

__all__ = [
    "BASELINE",
    "COLUMNS",
    "EQUAL",
    "Key",
    "Record",
    "at_own_size",
    "frame",
    "is_cost",
    "is_infinite",
    "is_trained",
    "key",
    "means",
    "over_patches",
    "over_pixels",
    "over_seeds",
    "read",
    "read_provenance",
    "records",
    "shares",
    "write",
]

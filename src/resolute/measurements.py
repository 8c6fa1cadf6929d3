"""The tidy long form in which everything measured and everything published is kept: one row per number.

Parquet for what the stages measure, CSV for what the papers print (`data/published/`); the same columns.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from resolute.core import atomic
from resolute.core.errors import ResoluteError, nearest
from resolute.core.provenance import provenance

COLUMNS = pa.schema(
    [
        pa.field("source", pa.string()),  # a paper, or "measured"
        pa.field("table", pa.string()),  # the paper's table; empty for what is measured
        pa.field("method", pa.string()),
        pa.field("weights", pa.string()),  # "paper", "published-<tag>", "<preset>-seed<n>" or empty (cost)
        pa.field("seed", pa.int64()),
        pa.field("training_data", pa.string()),
        pa.field("recipe", pa.string()),  # "paper" or what is other about it; empty for what was not trained here
        pa.field("setting", pa.string()),  # operating point of a dynamic method
        pa.field("dataset", pa.string()),
        pa.field("scale", pa.float64()),
        pa.field("image", pa.string()),  # empty for a mean
        pa.field("protocol", pa.string()),
        pa.field("metric", pa.string()),
        pa.field("value", pa.float64()),
        pa.field("unit", pa.string()),
        pa.field("device", pa.string()),
    ]
)

NUMBERS = [field.name for field in COLUMNS if field.type != pa.string()]
TEXT = [field.name for field in COLUMNS if field.type == pa.string()]


def frame(rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Rows as a data frame with exactly the columns of the long form.

    Absent texts are empty, absent numbers are null. An unknown column is an error.
    """
    rows = list(rows)
    for row in rows:
        for key in row:
            if key not in COLUMNS.names:
                raise ResoluteError(f"unknown column '{key}' in a measurement: {nearest(key, COLUMNS.names)}")
    table = pd.DataFrame(rows, columns=COLUMNS.names)
    table[TEXT] = table[TEXT].astype(object).where(table[TEXT].notna(), "").astype(str)
    table["seed"] = table["seed"].astype("Int64")
    table[["scale", "value"]] = table[["scale", "value"]].astype(float)
    return table


def write(path: Path, rows: Iterable[Mapping[str, Any]], **facts: Any) -> None:
    """Write rows as parquet, whole or not at all, with the provenance in the file's metadata."""
    table = pa.Table.from_pandas(frame(rows), schema=COLUMNS, preserve_index=False)
    table = table.replace_schema_metadata({"provenance": json.dumps(provenance(**facts), sort_keys=True)})
    with atomic.writing(path) as part:
        pq.write_table(table, part)


def read(*paths: Path) -> pd.DataFrame:
    """The rows of several files (parquet or CSV) under each other, in the order given."""
    frames = [frame([])]
    for path in paths:
        if path.suffix == ".csv":
            text = dict.fromkeys(TEXT, str)
            rows = pd.read_csv(path, dtype=text, keep_default_na=False, na_values=dict.fromkeys(NUMBERS, ""))
        else:
            rows = pq.read_table(path).to_pandas()
        frames.append(frame({str(name): value for name, value in row.items()} for row in rows.to_dict("records")))
    kept = [part for part in frames if len(part)]
    return pd.concat(kept, ignore_index=True) if kept else frames[0]


def read_provenance(path: Path) -> dict[str, Any]:
    """What `write` recorded about how a parquet file came to be."""
    metadata = pq.read_schema(path).metadata or {}
    return json.loads(metadata.get(b"provenance", b"{}"))

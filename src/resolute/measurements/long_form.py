"""The tidy long form in which everything measured and everything published is kept: one row per number.

Parquet for what the stages measure, CSV for what the papers print (`data/published/`); the same columns.

A value that is not finite is null, in every file and in memory: the PSNR of an image that equals its original. Means
are over the other images, with the number of equal ones beside (`resolute.measurements.averages`).
"""

import json
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from resolute.core import atomic, layout
from resolute.core.errors import ResoluteError, nearest
from resolute.core.provenance import digest, provenance
from resolute.core.reading import reading, remade_by

COLUMNS = pa.schema(
    [
        pa.field("source", pa.string()),  # a paper, or "measured"
        pa.field("table", pa.string()),  # the paper's table; empty for what is measured
        pa.field("method", pa.string()),
        # "paper", "published-<tag>", "own-<name>", "<preset>-seed<n>" or empty (cost)
        pa.field("weights", pa.string()),
        pa.field("seed", pa.int64()),
        pa.field("training_data", pa.string()),
        pa.field("recipe", pa.string()),  # "paper" or what is other about it; empty for what was not trained here
        pa.field("setting", pa.string()),  # operating point of a dynamic method, empty elsewhere
        pa.field("dataset", pa.string()),
        pa.field("scale", pa.float64()),
        pa.field("image", pa.string()),  # empty for a mean
        pa.field("place", pa.string()),  # where in a network or an image an expert is chosen
        pa.field("protocol", pa.string()),
        pa.field("lr_size", pa.string()),  # at which a cost was taken: <width>x<height>
        pa.field("metric", pa.string()),
        pa.field("value", pa.float64()),
        pa.field("unit", pa.string()),
        pa.field("device", pa.string()),
    ]
)

NUMBERS = [field.name for field in COLUMNS if field.type != pa.string()]
TEXT = [field.name for field in COLUMNS if field.type == pa.string()]
NEEDED = ("method", "metric", "value")
MOST_ROWS = 2_000_000  # that a file may claim: all protocols of a thousand images make some twelve thousand


def frame(rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Rows as a data frame with exactly the columns of the long form.

    Absent texts are empty, absent numbers and those that are not finite are null. An unknown column is an error.
    """
    rows = list(rows)
    for row in rows:
        for key in row:
            if key not in COLUMNS.names:
                raise ResoluteError(f"unknown column '{key}' in a measurement: {nearest(key, COLUMNS.names)}")
    return _typed(pd.DataFrame(rows, columns=COLUMNS.names))


def _typed(table: pd.DataFrame) -> pd.DataFrame:
    """A data frame whose columns are some of the long form's with all of them, each of its type."""
    table = table.reindex(columns=COLUMNS.names)
    table[TEXT] = table[TEXT].astype(object).where(table[TEXT].notna(), "").astype(str)
    table["seed"] = table["seed"].astype("Int64")
    table[["scale", "value"]] = table[["scale", "value"]].astype(float).replace([math.inf, -math.inf], math.nan)
    return table


def write(path: Path, rows: Iterable[Mapping[str, Any]], **facts: Any) -> None:
    """Write rows as parquet, whole or not at all; in the metadata the provenance, and a digest by which `read` knows
    that nobody has changed either.
    """
    table = pa.Table.from_pandas(frame(rows), schema=COLUMNS, preserve_index=False)
    origin = json.dumps(provenance(**facts), sort_keys=True)
    table = table.replace_schema_metadata({"provenance": origin, "digest": _digest(table, origin)})
    with atomic.writing(path) as part:
        pq.write_table(table, part)


def read(*paths: Path) -> pd.DataFrame:
    """The rows of several files (parquet or CSV) under each other, in the order given.

    Raises:
        ResoluteError: a file is absent, damaged or of another kind, or its rows are not those that a stage has written.
    """
    tables = [COLUMNS.empty_table()]
    for path in paths:
        with reading(path):
            tables.append(_whole(_csv(path) if path.suffix == ".csv" else _parquet(path)))
    # One data frame for all files: one for each takes several times as long as reading it.
    return _typed(pa.concat_tables(tables).to_pandas())


def read_provenance(path: Path) -> dict[str, Any]:
    """What `write` recorded about how a parquet file came to be; raises as `read` does."""
    with reading(path):
        stamp = _stamp(path)
        if stamp not in _recorded:
            _parquet(path)
        facts = json.loads(_recorded[stamp])
        if not isinstance(facts, dict):
            raise ValueError("its provenance is no mapping")
        return facts


def _stamp(path: Path) -> tuple[int, ...]:
    """What tells a file as it is from any other, and from what it was before."""
    facts = path.stat()
    return facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtime_ns


_recorded: dict[tuple[int, ...], bytes] = {}
"""The provenance of the parquet files that this process has held against their digests, by their stamps."""


def _whole(table: pa.Table) -> pa.Table:
    """A table with exactly the columns of the long form, each of its type; what is absent is null."""
    given, rows = table.column_names, table.num_rows
    columns = [table[one.name].cast(one.type) if one.name in given else pa.nulls(rows, one.type) for one in COLUMNS]
    return pa.table(columns, schema=COLUMNS)


def _csv(path: Path) -> pa.Table:
    text = dict.fromkeys(TEXT, str)
    rows = pd.read_csv(path, dtype=text, keep_default_na=False, na_values=dict.fromkeys(NUMBERS, ""))
    _check_columns(map(str, rows.columns))
    if np.isinf(rows["value"].astype(float)).any():
        raise ValueError("a value is not finite")
    return pa.Table.from_pandas(rows, preserve_index=False)


def _parquet(path: Path) -> pa.Table:
    """The table of a parquet file, held against its digest. Without one it is taken as it is, but not in the folder
    that nobody but the stages writes to.
    """
    stamp = _stamp(path)
    with pq.ParquetFile(path) as file:
        if file.metadata.num_rows > MOST_ROWS:
            raise ValueError(f"it claims {file.metadata.num_rows} rows")
        table = file.read()
    _check_columns(table.column_names)
    metadata = table.schema.metadata or {}
    digested, recorded = metadata.get(b"digest", b"").decode(), metadata.get(b"provenance", b"")
    is_held = bool(digested) or path.absolute().is_relative_to(layout.measurements())
    if is_held and digested != _digest(table, recorded.decode()):
        raise ResoluteError(f"{layout.relative(path)} was changed after it was measured: {remade_by(path)}")
    _recorded[stamp] = recorded or b"{}"
    return table


def _check_columns(names: Iterable[str]) -> None:
    names = list(names)
    for name in names:
        if name not in COLUMNS.names:
            raise ValueError(f"unknown column '{name}': {nearest(name, COLUMNS.names)}")
    for name in NEEDED:
        if name not in names:
            raise ValueError(f"no column '{name}'")


def _digest(table: pa.Table, origin: str) -> str:
    return digest([table.to_pydict(), origin])

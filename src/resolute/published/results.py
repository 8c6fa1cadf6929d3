"""Every cell of every table in one long form, for the report and whoever goes on from it: `reports/results.parquet`."""

import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from resolute.core import atomic
from resolute.core.reading import reading
from resolute.published.verdict import JUDGED, Verdict

Result = Mapping[str, Any]
"""One cell."""

MOST_ROWS = 1_000_000  # that a file may claim: the tables of three papers make some two thousand
MOST_DIGITS = 15  # that a binary float holds


_UNIT = "that of the field `unit`"


def _field(name: str, kind: pa.DataType, description: str, unit: str = "") -> pa.Field:
    """A column; what has a `unit` is a number, and `1` is that of counts and ratios."""
    return pa.field(name, kind, metadata={"description": description} | ({"unit": unit} if unit else {}))


RESULTS = pa.schema(
    [
        _field("paper", pa.string(), "folder below data/published"),
        _field("table", pa.string(), "the paper's table"),
        _field("kind", pa.string(), "published: printed in the paper; official_outputs: scored on what its code gives"),
        _field("group", pa.string(), "the block of rows that the cell is in"),
        _field("row", pa.string(), "the row within the table: the method, and what else selects its figures"),
        _field("method", pa.string(), "method id"),
        _field("column", pa.string(), "the column within the table"),
        _field("metric", pa.string(), "what the paper prints: psnr, params, ..."),
        _field("protocol", pa.string(), "how it is evaluated or counted, empty where there is one way only"),
        _field("dataset", pa.string(), "data set, empty for the network alone"),
        _field("image", pa.string(), "of a figure of a single image, empty for a mean"),
        _field("scale", pa.float64(), "HR side over LR side", "1"),
        _field("setting", pa.string(), "operating point of a dynamic method"),
        _field("lr_size", pa.string(), "of a cost, as <width>x<height>"),
        _field("unit", pa.string(), "of all values in the row"),
        _field("digits", pa.int64(), "digits that the paper prints after the point", "1"),
        _field("paper_value", pa.float64(), "as printed", _UNIT),
        _field("measured_value", pa.float64(), "with the published weights, or of the network alone", _UNIT),
        _field("trained_value", pa.float64(), "mean over the seeds trained here", _UNIT),
        _field("trained_std", pa.float64(), "sample standard deviation over the seeds, null for fewer than two", _UNIT),
        _field("trained_seeds", pa.int64(), "how many seeds were trained here", "1"),
        _field("equal_images", pa.int64(), "test images that equal their originals, which mean PSNRs leave out", "1"),
        _field("device", pa.string(), "where it was measured, empty for counts"),
        _field("tolerance", pa.string(), "how close the judged value must come, empty where nothing is judged"),
        _field("verdict", pa.string(), "empty for what is shown as printed and not judged"),
        _field("why", pa.string(), "the verdict's reason or evidence"),
        _field("weights", pa.string(), "the weights measured, separated by spaces"),
        _field("provenance", pa.string(), "the measurement files that the values are from, separated by spaces"),
    ]
)


def write_results(path: Path, results: Iterable[Result]) -> None:
    """Write cells as parquet, whole or not at all; the schema's metadata describe the columns."""
    table = pa.Table.from_pylist([dict(result) for result in results], schema=RESULTS)
    with atomic.writing(path) as part:
        pq.write_table(table, part)


def read_results(path: Path) -> list[Result]:
    """The cells in the order of the tables.

    Raises:
        ResoluteError: the file is absent or damaged, or its cells are not such as tables have.
    """
    with reading(path):
        with pq.ParquetFile(path) as file:
            if file.metadata.num_rows > MOST_ROWS:
                raise ValueError(f"it claims {file.metadata.num_rows} rows")
            table = file.read()
        if not table.schema.equals(RESULTS):
            raise ValueError("its columns are others")
        results: list[Result] = table.to_pylist()
        for result in results:
            _check(result)
        return results


def value_here(result: Result) -> float:
    """The judged value of a cell that has one: with the published weights, else the mean of what was trained here."""
    return float(result["trained_value"] if result["measured_value"] is None else result["measured_value"])


def _check(result: Result) -> None:
    if not 0 <= result["digits"] <= MOST_DIGITS:
        raise ValueError(f"a cell has {result['digits']} digits")
    if result["verdict"]:
        Verdict(result["verdict"])
    if result["verdict"] in JUDGED and not (math.isfinite(result["paper_value"]) and math.isfinite(value_here(result))):
        raise ValueError("a cell that is judged has no finite values")

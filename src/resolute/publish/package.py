"""The cells of all tables as data for others: CSV and parquet, described as Frictionless Data describes packages.

https://specs.frictionlessdata.io/data-package/ and /tabular-data-resource/; a field's `unit` is an addition of ours.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from resolute.core import strict_json
from resolute.core.provenance import file_sha256
from resolute.publish.place import NAME
from resolute.published.results import RESULTS, Result

_TYPES = {pa.string(): "string", pa.int64(): "integer", pa.float64(): "number"}


def as_csv(results: Sequence[Result]) -> str:
    """All cells, one a line, in the order of the tables; absent numbers are empty, all others in full."""
    out = io.StringIO()
    writer = csv.DictWriter(out, RESULTS.names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(results)
    return out.getvalue()


def description(folder: Path, date: str, sources: Mapping[str, str]) -> str:
    """`datapackage.json` of the files `results.csv` and `results.parquet` in a folder.

    Args:
        date: of the results, as YYYY-MM-DD.
        sources: citations of the papers and their addresses.
    """
    kinds = (("csv", "text/csv"), ("parquet", "application/vnd.apache.parquet"))
    package = {
        "profile": "data-package",
        "name": NAME,
        "title": "Published figures of efficient super-resolution, and what was measured of them",
        "description": "Every cell of every table that Resolute regenerates, with its protocol, tolerance and verdict.",
        "created": f"{date}T00:00:00Z",
        "licenses": [{"name": "MIT", "title": "MIT License", "path": "https://opensource.org/license/mit"}],
        "sources": [{"title": title, "path": path} for title, path in sources.items()],
        "resources": [_resource(folder / f"results.{form}", form, kind) for form, kind in kinds],
    }
    return strict_json.dumps(package, indent=2, ensure_ascii=False) + "\n"


def _resource(path: Path, form: str, kind: str) -> dict[str, Any]:
    resource = {
        "name": f"results-{form}",
        "path": path.name,
        "format": form,
        "mediatype": kind,
        "bytes": path.stat().st_size,
        "hash": f"sha256:{file_sha256(path)}",
        "schema": {"fields": [_field(field) for field in RESULTS], "missingValues": [""]},
    }
    return resource | ({"profile": "tabular-data-resource", "encoding": "utf-8"} if form == "csv" else {})


def _field(field: pa.Field) -> dict[str, str]:
    facts = {key.decode(): text.decode() for key, text in field.metadata.items()}
    return {"name": field.name, "type": _TYPES[field.type], **facts}

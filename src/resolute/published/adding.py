"""A table as a paper prints it, turned into the two files that describe it: figures in the long form, and layout.

What a person types is the printed table as CSV: the first column names the method, `label` is what the paper calls it
where that is another name, every other column is a cost (`params K`, `macs G`) or a quality (`set5 psnr`).
"""

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from resolute import datasets, registry
from resolute.core import atomic, layout
from resolute.core.errors import ResoluteError, nearest
from resolute.core.reading import reading
from resolute.core.schema import dump_yaml
from resolute.metrics.protocols import PROTOCOLS
from resolute.published.errata import COLUMNS as ERRATA

QUALITY = {"psnr": ("dB", "PSNR"), "ssim": ("1", "SSIM")}
COSTS = {
    "params": "Parameters",
    "macs": "MACs",
    "flops": "FLOPs",
    "activations": "Activations",
    "n_conv": "Convolutions",
}
FLOPS = ("flops_2macs", "flops_ntire2022", "flops_fvcore")
UNITS = ("1", "K", "M", "G", "T")
EMPTY = ("", "-", "--", "n/a", "N/A")
FIGURES = ("source", "table", "method", "weights", "dataset", "scale", "protocol", "lr_size", "metric", "value", "unit")


@dataclass(frozen=True)
class Source:
    """What a table is of.

    Attributes:
        paper, table: names of the folder and the files, in lower case.
        citation: for people.
        scale: of all figures.
        protocol: how its PSNR and SSIM are measured.
        lr_size: `<width>x<height>` at which its costs are counted.
        flops: which counter its FLOPs are by.
    """

    paper: str
    table: str
    citation: str
    year: int
    scale: float
    protocol: str = "y_basicsr"
    lr_size: str = ""
    flops: str = "flops_2macs"
    url: str = ""


def add_table(source: Source, printed: Path) -> list[Path]:
    """Write the files of a table below `data/published/<paper>/`, none of which may be there.

    Returns:
        What was written: figures, layout, and, with a paper's first table, the list of its known errors.

    Raises:
        ResoluteError: a name, column or figure that means nothing, or a table that is there already.
    """
    _check_source(source)
    folder = layout.published_tables() / source.paper
    figures, spec, errata = (folder / name for name in (f"{source.table}.csv", f"{source.table}.yaml", "errata.csv"))
    for path in (figures, spec):
        if path.exists():
            raise ResoluteError(f"{layout.relative(path)} is there already: give another --table, or edit it")
    header, rows = _read(printed)
    columns = [_Column.parse(name, source, where=f"{printed}, column '{name}'") for name in header]
    facts = _long_form(source, columns, rows, printed)
    written = {figures: facts, spec: dump_yaml(_layout(source, columns, rows))}
    if not errata.exists():
        written[errata] = ",".join(ERRATA) + "\n"
    for path, content in written.items():
        atomic.write(path, content)
    return list(written)


@dataclass(frozen=True)
class _Column:
    key: str
    header: str
    unit: str
    match: Mapping[str, Any]

    @classmethod
    def parse(cls, name: str, source: Source, where: str) -> "_Column":
        """`params K`, `macs G`, `set5 psnr`."""
        first, _, second = name.strip().partition(" ")
        if second in QUALITY:
            if first not in datasets.names():
                raise ResoluteError(f"{where}: unknown data set '{first}': {nearest(first, datasets.names())}")
            unit, metric = QUALITY[second]
            match = {"metric": second, "dataset": first, "protocol": source.protocol}
            return cls(f"{first}_{second}", f"{datasets.entry(first).title.split(' (')[0]} {metric}", unit, match)
        if first not in COSTS:
            known = f"write a data set and psnr or ssim, or one of {', '.join(COSTS)} and a unit"
            raise ResoluteError(f"{where}: nothing is called so: {known}")
        unit = second or "1"
        if unit not in UNITS:
            raise ResoluteError(f"{where}: unknown unit '{unit}': write one of {', '.join(UNITS)}")
        match = {"metric": first}
        if first in ("macs", "flops", "activations"):
            if not source.lr_size:
                raise ResoluteError(f"{where}: counts depend on the LR image: give --lr-size")
            match["lr_size"] = source.lr_size
        if first in ("macs", "flops"):
            match["protocol"] = source.flops if first == "flops" else "macs"
        return cls(first, COSTS[first], unit, match)


def _check_source(source: Source) -> None:
    for name in (source.paper, source.table):
        if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
            raise ResoluteError(f"'{name}' is no name for a folder or file here: take small letters, digits and _")
    if source.protocol not in PROTOCOLS:
        raise ResoluteError(f"unknown protocol '{source.protocol}': {nearest(source.protocol, PROTOCOLS)}")
    if source.flops not in FLOPS:
        raise ResoluteError(f"unknown counter '{source.flops}': {nearest(source.flops, FLOPS)}")


def _read(printed: Path) -> tuple[list[str], list[dict[str, str]]]:
    """The names of the columns with figures, and the rows."""
    with reading(printed, "give the table as CSV"), printed.open(newline="", encoding="utf-8-sig") as file:
        reader = csv.DictReader(file, restkey="")
        names = [name.strip() for name in reader.fieldnames or []]
        if len(names) < 2 or names[0] != "method":
            raise ResoluteError(f"{printed}: the first column must be 'method', and others must follow")
        if len(set(names)) < len(names):
            raise ResoluteError(f"{printed}: two columns have one name")
        reader.fieldnames = names
        rows = []
        for row in reader:
            where = f"{printed}, line {reader.line_num}"
            if "" in row or None in row.values():
                raise ResoluteError(f"{where}: {len(names)} fields expected")
            if not re.fullmatch(r"[a-z][a-z0-9_]*", row["method"].strip()):
                raise ResoluteError(f"{where}: '{row['method']}' is no name of a method: take small letters, digits, _")
            rows.append({name: value.strip() for name, value in row.items()})
    if not rows:
        raise ResoluteError(f"{printed}: it has no rows")
    return [name for name in names[1:] if name != "label"], rows


def _long_form(source: Source, columns: Sequence[_Column], rows: Sequence[Mapping[str, str]], printed: Path) -> str:
    lines = [",".join(FIGURES)]
    for number, row in enumerate(rows, start=2):
        values = [value for name, value in row.items() if name not in ("method", "label")]
        for column, value in zip(columns, values, strict=True):
            if value in EMPTY:
                continue
            if not re.fullmatch(r"-?\d+(\.\d+)?", value):
                where = f"{printed}, line {number}, {column.key}"
                raise ResoluteError(f"{where}: '{value}' is no number: write it as it is printed")
            facts = {"source": source.paper, "table": source.table, "method": row["method"], "weights": "paper"}
            facts |= {"scale": f"{source.scale:g}", **column.match, "value": value, "unit": column.unit}
            lines.append(",".join(facts.get(name, "") for name in FIGURES))
    return "\n".join(lines) + "\n"


def _layout(source: Source, columns: Sequence[_Column], rows: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    names = [name for name in rows[0] if name not in ("method", "label")]
    digits = [max(len(row[name].partition(".")[2]) for row in rows) for name in names]
    return {
        "title": f"{source.paper}, {source.table}, x{source.scale:g}",
        "caption": f"As printed in {source.citation}.",
        "source": {
            "citation": source.citation,
            "year": source.year,
            **({"url": source.url} if source.url else {}),
        },
        "weights": "published",
        "match": {"scale": source.scale},
        "labels": ["Method"],
        "columns": [
            {
                "key": column.key,
                "header": column.header,
                **({} if column.unit == "1" else {"unit": column.unit}),
                "digits": count,
                "match": dict(column.match),
            }
            for column, count in zip(columns, digits, strict=True)
        ],
        "groups": [
            {
                "title": "Methods",
                "rows": [
                    {"method": row["method"], "labels": [row.get("label") or _title(row["method"])]} for row in rows
                ],
            }
        ],
    }


def _title(method: str) -> str:
    return registry.entry(method).title if method in registry.names() else method

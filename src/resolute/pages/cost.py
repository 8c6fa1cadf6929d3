"""What the networks cost: counts, and time and memory where they were measured."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from resolute import measurements
from resolute.measurements import titles
from resolute.pages.origin import Origin
from resolute.pages.words import counted


@dataclass(frozen=True)
class Column:
    """A quantity of the cost table: how it is found in the long form, and how it is shown."""

    metric: str
    protocol: str
    header: str
    unit: str
    divisor: float
    digits: int
    explanation: str

    @property
    def key(self) -> str:
        """Names it among the values of a row: the metric; of FLOPs, which several counters have, the counter."""
        return self.protocol if self.metric == "flops" else self.metric

    @property
    def varies(self) -> bool:
        """Whether it is another on another machine: time and memory."""
        return self.unit in ("ms", "MiB")


COLUMNS = (
    Column("params", "", "Parameters", "K", 1e3, 1, "elements of all parameters"),
    Column("macs", "macs", "MACs", "G", 1e9, 2, "each multiply-add once, everything counted"),
    Column("macs_decoder", "macs", "Decoder MACs", "G", 1e9, 2, "of these, those outside of the encoder"),
    Column("flops", "flops_ntire2022", "FLOPs, NTIRE 2022", "G", 1e9, 2, "by the challenge's counter of 2022 and 2023"),
    Column("flops", "flops_fvcore", "FLOPs, fvcore", "G", 1e9, 2, "as the challenge counts since 2024"),
    Column("activations", "", "Activations", "M", 1e6, 2, "output elements of all convolutions"),
    Column("n_conv", "", "Convs", "", 1, 0, "calls of convolution layers"),
    Column("latency", "", "Latency", "ms", 1, 1, "best of several forward passes after a warm-up"),
    Column("latency_onnxruntime", "", "Latency, onnxruntime", "ms", 1, 1, "of the exported graph, on the CPU"),
    Column("first_call", "", "First call", "ms", 1, 1, "the first forward pass, before any warm-up"),
    Column("peak_memory", "", "Peak memory", "MiB", 2**20, 1, "of one forward pass"),
)


@dataclass
class CostRow:
    """One method at one scale and LR size; by the keys of the columns the values, in the columns' units, and the device
    of each, empty for counts.
    """

    method: str
    title: str
    scale: float
    lr_size: str
    values: dict[str, float] = field(default_factory=dict)
    devices: dict[str, str] = field(default_factory=dict)


def shown_columns(rows: Sequence[CostRow]) -> list[Column]:
    """The columns in which some network has a value."""
    return [column for column in COLUMNS if any(column.key in row.values for row in rows)]


def cost_rows(means: pd.DataFrame) -> list[CostRow]:
    """The methods by rising MACs; the baseline, which has no network, is left out."""
    rows: dict[tuple[str, float, str], CostRow] = {}
    columns = {(column.metric, column.protocol): column for column in COLUMNS}
    networks = means[(means["method"] != measurements.BASELINE) & (means["dataset"] == "")]
    for record in measurements.records(networks):
        column = columns.get((record["metric"], record["protocol"]))
        if column is None:
            continue
        key = record["method"], record["scale"], record["lr_size"]
        row = rows.setdefault(key, CostRow(key[0], titles.method_title(key[0]), key[1], key[2]))
        row.values[column.key] = record["value"] / column.divisor
        row.devices[column.key] = record["device"]
    return sorted(rows.values(), key=lambda row: (row.values.get("macs", 0), row.method))


def graph_notes(origin: Origin, method: str = "") -> list[str]:
    """What is to be said of latencies by onnxruntime, of a method or of all: how they were taken, and what has none."""
    found = [facts for facts in origin.records if "onnxruntime" in facts and method in ("", facts["method"])]
    timed = sorted({_ran(facts) for facts in found if "refused" not in facts})
    notes = [f"Exported graphs ran in {'; '.join(timed)}, once each was found to be its network."] if timed else []
    for facts in found:
        if "refused" in facts:
            name = f"{titles.method_title(facts['method'])} x{facts['scale']:g}"
            notes.append(f"{name} has no latency by onnxruntime: {facts['refused']}.")
    return notes


def _ran(facts: Mapping[str, Any]) -> str:
    return f"onnxruntime {facts['onnxruntime']} on {facts['device']}, {counted(facts['threads'], 'thread')}, float32"

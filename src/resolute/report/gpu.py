"""What GPUs have proved (`make gpu`), kept with the project: tables of one device each."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from resolute import measurements
from resolute.measurements import titles
from resolute.pages.words import counted, grouped

SHOWN = ("driver", "cuda", "torch", "python", "commit", "date")
Header = tuple[str, str, str, float, int]  # metric, form or data set, the words above, divisor, digits

TIMED: tuple[Header, ...] = (
    ("latency", "fp32", "fp32, ms", 1, 2),
    ("first_call", "fp32", "first call, ms", 1, 0),
    ("peak_memory", "fp32", "memory, MiB", 2**20, 0),
    ("latency", "bf16", "bf16, ms", 1, 2),
    ("first_call", "bf16", "first call, ms", 1, 0),
    ("peak_memory", "bf16", "memory, MiB", 2**20, 0),
    ("latency", "bf16_graph", "bf16 as a graph, ms", 1, 2),
    ("psnr_to_fp32", "bf16", "bf16 to fp32, dB", 1, 1),
    ("arithmetic_share", "fp32", "fp32, % of the arithmetic", 0.01, 1),
    ("memory_share", "fp32", "% of the bandwidth", 0.01, 1),
    ("arithmetic_share", "bf16_graph", "graph, % of the arithmetic", 0.01, 1),
    ("memory_share", "bf16_graph", "% of the bandwidth", 0.01, 1),
)
TRAINED: tuple[Header, ...] = tuple(
    header
    for form, words in (("fp32", "fp32"), ("tf32", "TF32"), ("bf16", "bf16"))
    for header in (
        ("patches_per_s", form, f"{words}, patches/s", 1.0, 0),
        ("data_wait_share", form, "waits for data, %", 0.01, 1),
    )
)
KILLED: tuple[Header, ...] = (
    ("training_steps", "bf16", "steps", 1, 0),
    ("training_time", "bf16", "seconds", 1, 0),
    ("killed_at_step", "bf16", "killed at step", 1, 0),
    ("check_killed_and_resumed", "bf16", "equal bytes (1: yes)", 1, 0),
)
REACHED: tuple[Header, ...] = (
    ("copy_bandwidth", "", "copy, GB/s", 1, 0),
    ("matrix_rate", "fp32", "fp32, TFLOP/s", 1, 1),
    ("matrix_rate", "tf32", "TF32, TFLOP/s", 1, 1),
    ("matrix_rate", "bf16", "bf16, TFLOP/s", 1, 1),
)


@dataclass(frozen=True)
class Table:
    """A table ready to be shown: a row is its title and its cells, which are empty where nothing was measured."""

    caption: str
    headers: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True)
class Gpu:
    """What one device has proved.

    Attributes:
        facts: how, by name.
        tables: those that have rows.
        passed: how many of the tests passed.
        failures: what was not done, and why; a test that failed among it.
    """

    name: str
    facts: dict[str, str]
    tables: tuple[Table, ...]
    passed: str
    failures: dict[str, str]


def gpus(paths: Sequence[Path]) -> list[Gpu]:
    """What the files `data/reference/<device>/gpu.parquet` hold, a device each."""
    return [_gpu(measurements.read(path), measurements.read_provenance(path)) for path in paths]


def _gpu(rows: pd.DataFrame, facts: dict[str, Any]) -> Gpu:
    sizes = list(dict.fromkeys(rows.loc[rows["lr_size"] != "", "lr_size"]))
    qualities = rows["dataset"] != ""
    tables = [
        _table("What the device reaches in this run", rows[rows["method"] == ""], REACHED),
        *(_table(f"Latency and memory at x4, LR {size}", rows[rows["lr_size"] == size], TIMED) for size in sizes),
        _table("PSNR (RGB, as the challenge measures) with published weights", rows[qualities], _qualities(rows)),
        _table("Training: 16 patches of 48 x 48 a step", rows[~qualities], TRAINED),
        _table("A training killed and resumed, against the same left alone", rows[~qualities], KILLED),
    ]
    checks = rows.loc[rows["metric"] == "check", "value"]
    return Gpu(
        name=str(facts.get("device", "")),
        facts={name: str(facts[name]) for name in SHOWN if facts.get(name)},
        tables=tuple(table for table in tables if table.rows),
        passed=f"{int(checks.sum())} of {counted(len(checks), 'test')} passed" if len(checks) else "",
        failures={str(name): str(why) for name, why in dict(facts.get("failures", {})).items()},
    )


def _qualities(rows: pd.DataFrame) -> tuple[Header, ...]:
    """A column for each data set and form."""
    found = rows.loc[rows["metric"].isin(["psnr", "trained_psnr"]), ["metric", "dataset", "protocol"]]
    words = {"psnr": "", "trained_psnr": "trained here, "}
    return tuple(
        (metric, f"{dataset} {form}", f"{words[metric]}{titles.dataset_title(dataset)} {form}, dB", 1, 3)
        for metric, dataset, form in found.drop_duplicates().itertuples(index=False)
    )


def _table(caption: str, rows: pd.DataFrame, headers: Sequence[Header]) -> Table:
    """The rows as a table of networks, with the columns that have a value."""
    found: dict[str, dict[tuple[str, str], float]] = {}
    for record in measurements.records(rows):
        form = f"{record['dataset']} {record['protocol']}".strip()
        found.setdefault(record["method"], {})[record["metric"], form] = record["value"]
    used = [header for header in headers if any(header[:2] in values for values in found.values())]
    lines = [
        (
            titles.method_title(method) if method else "This device",
            tuple(_cell(values.get((metric, form)), divisor, digits) for metric, form, _, divisor, digits in used),
        )
        for method, values in found.items()
        if any(header[:2] in values for header in used)
    ]
    return Table(caption, tuple(words for _, _, words, _, _ in used), tuple(lines))


def _cell(value: float | None, divisor: float, digits: int) -> str:
    if value is None:
        return ""
    return "equal" if pd.isna(value) else grouped(value / divisor, digits)

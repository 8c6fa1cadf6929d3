"""The long form of all cells."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from resolute.published.results import RESULTS
from resolute.tables import make_tables

Write = Callable[..., Path]


def rows(files: list[Path]) -> list[dict[str, Any]]:
    make_tables(files, "y_basicsr")
    return pq.read_table("reports/results.parquet").to_pylist()


@pytest.mark.slow
@pytest.mark.usefixtures("project")
def test_every_published_figure_that_a_table_shows_has_a_row() -> None:
    found = rows([])
    shown = [row for row in found if (row["paper"], row["table"]) == ("ntire2022", "table1")]
    # 45 rows of 8 columns, and two scores and a place of the 35 ranked ones.
    assert len(shown) == 45 * 8 + 35 * 3
    assert all(row["paper_value"] is not None and row["measured_value"] is None for row in found)
    assert len({(row["paper"], row["table"], row["row"], row["column"]) for row in found}) == len(found)
    assert all((row["verdict"] == "") == (row["why"] == "") == (row["tolerance"] == "") for row in found)


@pytest.mark.slow
def test_every_column_is_described_in_the_file(official_counts: list[Path]) -> None:
    make_tables(official_counts, "y_basicsr")
    schema = pq.read_schema("reports/results.parquet")
    assert schema.names == RESULTS.names
    assert all(field.metadata[b"description"] for field in schema)


def test_a_row_says_all_about_its_cell(write: Write) -> None:
    cell = {"metric": "psnr", "unit": "dB", "dataset": "div2k_val", "protocol": "ntire2022", "image": "0801"}
    described = {"method": "rlfn_team04", "device": "A CPU"}
    files = [
        write([{**cell, "value": 29.004}], weights="published-ntire2022", **described),
        write([{**cell, "value": 27.0}], weights="quick-seed0", seed=0, **described),
        write([{**cell, "value": 28.0}], weights="quick-seed1", seed=1, **described),
    ]
    (row,) = [row for row in rows(files) if row["measured_value"] is not None]
    folder = "reports/measurements/quality/rlfn_team04/x4"
    files_of_it = [
        f"{folder}/{name}/div2k_val.parquet" for name in ("published-ntire2022", "quick-seed0", "quick-seed1")
    ]
    assert row == {
        "paper": "ntire2022",
        "table": "table1",
        "kind": "published",
        "group": "Ranked",
        "row": "rlfn_team04",
        "method": "rlfn_team04",
        "column": "psnr_val",
        "metric": "psnr",
        "protocol": "ntire2022",
        "dataset": "div2k_val",
        "image": "",
        "scale": 4.0,
        "setting": "",
        "lr_size": "",
        "unit": "dB",
        "digits": 2,
        "paper_value": 29.0,
        "measured_value": 29.004,
        "trained_value": 27.5,
        "trained_std": pytest.approx(0.5**0.5),
        "trained_seeds": 2,
        "equal_images": 0,
        "device": "A CPU",
        "tolerance": "within 0.01",
        "verdict": "reproduced",
        "why": "within 0.01",
        "weights": "published-ntire2022 quick-seed0 quick-seed1",
        "provenance": " ".join(files_of_it),
    }


def test_several_seeds_are_shown_with_their_deviation(write: Write) -> None:
    cell = {"metric": "psnr", "unit": "dB", "dataset": "div2k_val", "protocol": "ntire2022", "image": "0801"}
    values = (27.0, 28.0)
    files = [
        write([{**cell, "value": value}], method="rlfn_team04", weights=f"quick-seed{seed}", seed=seed)
        for seed, value in enumerate(values)
    ]
    make_tables(files, "y_basicsr")
    assert "29.00 · trained 27.50 ± 0.71 (" in Path("reports/tables/ntire2022/table1.md").read_text()

"""The figures of MMagic's own trainings, and whose weights are held against them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from resolute import measurements
from resolute.core import layout
from resolute.published import Verdict
from resolute.tables import paper_tables

pytestmark = pytest.mark.usefixtures("project")

Write = Callable[..., Path]


def verdict(paper: str, table: str, method: str, column: str, files: list[Path]) -> Verdict:
    (built,) = paper_tables(paper, files, table)
    for entry in built.entries():
        if (entry.row.spec.method, entry.column.key) == (method, column):
            assert entry.cell.judgement
            return entry.cell.judgement.verdict
    raise AssertionError("no such cell")


def test_every_figure_stands_in_a_cell() -> None:
    shown = {
        table.spec.table: sum(entry.cell.paper is not None for entry in table.entries())
        for table in paper_tables("mmagic", [])
    }
    # Three data sets; two networks, three at x4.
    assert shown == {"psnr_x2": 2 * 3, "psnr_x3": 2 * 3, "psnr_x4": 3 * 3}


@pytest.mark.parametrize(
    ("scale", "method", "dataset", "value"),
    [
        (2, "edsr_baseline_mmagic", "div2k_val", 34.5896),
        (3, "rdn", "set14_edsr", 28.6338),
        (4, "srresnet", "set5_edsr", 30.2252),
    ],
)
def test_figures_are_as_printed(scale: int, method: str, dataset: str, value: float) -> None:
    rows = measurements.records(measurements.read(layout.published_tables() / f"mmagic/psnr_x{scale}.csv"))
    assert [row["value"] for row in rows if (row["method"], row["dataset"]) == (method, dataset)] == [value]


def test_mmagics_weights_are_held_against_no_other_paper(write: Write) -> None:
    row = {"metric": "psnr", "unit": "dB", "scale": 4.0, "image": "a", "value": 30.2250}
    files = [
        write(
            [{**row, "protocol": "rgb_basicsr", "dataset": "set5_edsr"}], method="srresnet", weights="published-mmagic"
        )
    ]
    assert verdict("mmagic", "psnr_x4", "srresnet", "set5", files) is Verdict.REPRODUCED
    files = [
        write([{**row, "protocol": "ntire2022", "dataset": "set5"}], method="srresnet", weights="published-mmagic")
    ]
    assert verdict("srresnet", "msrresnet_x4", "srresnet", "set5_psnr", files) is Verdict.CANNOT_BE_MEASURED
    files = [write([{**row, "protocol": "y_basicsr", "dataset": "b100"}], method="rdn", weights="published-mmagic")]
    assert verdict("rcan", "table_x4", "rdn", "b100_psnr", files) is Verdict.CANNOT_BE_MEASURED

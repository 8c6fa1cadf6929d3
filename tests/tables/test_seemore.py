"""The tables of SeemoRe: complete, as printed, and judged against each method's own published weights."""

from collections.abc import Callable
from pathlib import Path

import pytest

from resolute import measurements
from resolute.core import layout
from resolute.published import Verdict, read_spec
from resolute.tables import Table, paper_tables

Write = Callable[..., Path]
COMPARED = ["carn_m", "imdn", "pan", "drsan", "ddistill_sr", "shufflemixer", "safmn", "seemore_t"]


def table(name: str, files: list[Path]) -> Table:
    return paper_tables("seemore", files, name)[0]


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize("scale", [2, 3, 4])
def test_table_1_has_nine_rows_and_what_they_print(scale: int) -> None:
    spec = read_spec(layout.published_tables() / f"seemore/table1_x{scale}.yaml")
    assert [row.method for group in spec.groups for row in group.rows] == ["bicubic", *COMPARED]
    rows = measurements.read(spec.figures)
    # Twelve figures a row, but for bicubic's cost and for Manga109 of CARN-M and DRSAN.
    assert len(rows) == 9 * 12 - 2 - 2 * 2
    assert set(rows["scale"]) == {float(scale)}


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(
    ("name", "method", "metric", "dataset", "value"),
    [
        ("table1_x2", "seemore_t", "psnr", "manga109", 39.01),
        ("table1_x3", "shufflemixer", "macs", "", 42),
        ("table1_x4", "imdn", "psnr", "manga109", 30.46),
        ("table1_x4", "seemore_t", "params", "", 232),
        ("table2_x4", "seemore_l", "psnr", "urban100", 26.79),
        ("table2_x2", "dat_light", "macs", "", 194.26),
    ],
)
def test_figures_are_as_printed(name: str, method: str, metric: str, dataset: str, value: float) -> None:
    rows = measurements.read(layout.published_tables() / f"seemore/{name}.csv")
    found = rows[(rows["method"] == method) & (rows["metric"] == metric) & (rows["dataset"] == dataset)]
    assert found["value"].tolist() == [value]


@pytest.mark.usefixtures("project")
def test_rows_without_an_implementation_say_so() -> None:
    status = {row.spec.method: row.status for _, rows in table("table2_x2", []).groups for row in rows}
    assert status["elan_light"] == "paper only: no implementation here"
    assert table("table3", []).counts() == dict.fromkeys(Verdict, 0)


@pytest.mark.usefixtures("project")
def test_what_nobody_can_fetch_or_build_is_not_called_measurable() -> None:
    found = {
        (entry.row.spec.method, entry.column.key): entry.cell.judgement.reason
        for entry in table("table1_x3", []).entries()
        if entry.cell.judgement
    }
    assert {found[method, "set5_psnr"] for method in ("safmn", "shufflemixer", "seemore_t")} == {
        "no published weights to fetch"
    }
    assert {found[method, "params"] for method in ("drsan", "ddistill_sr")} == {"no implementation here"}
    assert {found["carn_m", "set5_psnr"], found["safmn", "macs"]} == {"not part of this run"}


def test_bicubic_is_judged_with_its_own_first_weights(write: Write) -> None:
    facts = {"metric": "psnr", "unit": "dB", "dataset": "b100", "protocol": "y_basicsr", "image": "1", "value": 25.96}
    for weights, verdict in (("published-matlab", Verdict.REPRODUCED), ("published-other", Verdict.NOT_RUN)):
        built = table("table1_x4", [write([facts], method="bicubic", weights=weights)])
        (found,) = [
            entry.cell.judgement.verdict
            for entry in built.entries()
            if entry.cell.judgement and (entry.row.spec.method, entry.column.key) == ("bicubic", "b100_psnr")
        ]
        assert found is verdict


def test_macs_are_those_of_a_720p_output(write: Write) -> None:
    facts = {"metric": "macs", "protocol": "macs", "value": 11.9e9}
    for lr_size, expected in (("320x180", 1), ("256x256", 0)):
        built = table("table1_x4", [write([facts], method="seemore_t", lr_size=lr_size)])
        assert built.counts()["reproduced"] == expected

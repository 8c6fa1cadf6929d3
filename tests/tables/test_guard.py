"""What is recorded of a paper, and what a later run makes of it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from resolute.core import layout
from resolute.core.errors import ResoluteError
from resolute.published import Verdict
from resolute.tables import Guarded, guard, paper_tables, read_recorded, record

Write = Callable[..., Path]

PARAMS = ("table1", "rlfn_team04", "params")
CONVS = ("table1", "rlfn_team04", "n_conv")
BSRN = ("table1", "bsrn_team18", "flops")


def counted(write: Write, method: str = "rlfn_team04", **counts: float) -> Path:
    rows = [
        {"metric": metric, "value": value, "protocol": "flops_ntire2022" if metric == "flops" else ""}
        for metric, value in counts.items()
    ]
    return write(rows, method=method, lr_size="256x256")


def test_what_is_recorded_holds(official_counts: list[Path]) -> None:
    tables = paper_tables("ntire2022", official_counts, "table1")
    record("ntire2022", tables)
    recorded = read_recorded("ntire2022")
    assert len(recorded) == 42 * 4
    assert (recorded[PARAMS], recorded[BSRN]) == (Verdict.REPRODUCED, Verdict.EXPLAINED)
    assert guard(tables, recorded) == Guarded(problems=(), unmeasured=0)


def test_a_reproduced_or_explained_cell_that_no_longer_is_fails(write: Write) -> None:
    tables = paper_tables(
        "ntire2022",
        [counted(write, params_ntire2022=318000.0), counted(write, "bsrn_team18", flops=9.5e9)],
        "table1",
    )
    found = guard(tables, {PARAMS: Verdict.REPRODUCED, BSRN: Verdict.EXPLAINED})
    assert found.problems == (
        "table1, rlfn_team04, params: recorded as reproduced, now differs",
        "table1, bsrn_team18, flops: recorded as explained, now reproduced",
    )


def test_only_a_new_difference_fails(write: Write) -> None:
    tables = paper_tables("ntire2022", [counted(write, params_ntire2022=318000.0)], "table1")
    assert guard(tables, {}).problems == ("table1, rlfn_team04, params: differs, which is not recorded",)
    assert guard(tables, {PARAMS: Verdict.DIFFERS}).problems == ()
    mended = paper_tables("ntire2022", [counted(write, params_ntire2022=317218.0)], "table1")
    assert guard(mended, {PARAMS: Verdict.DIFFERS}).problems == ()


def test_what_a_run_does_not_measure_is_counted_apart(write: Write) -> None:
    tables = paper_tables("ntire2022", [counted(write, params_ntire2022=317218.0)], "table1")
    recorded = {PARAMS: Verdict.REPRODUCED, CONVS: Verdict.REPRODUCED}
    assert guard(tables, recorded) == Guarded(problems=(), unmeasured=1)


def test_a_cell_that_is_gone_fails(write: Write) -> None:
    found = guard(paper_tables("ntire2022", [], "table1"), {("table1", "rlfn", "params"): Verdict.REPRODUCED})
    assert found.problems == ("table1, rlfn, params: recorded as reproduced, but the tables have no such cell",)


def test_recording_keeps_what_another_run_measured(write: Write) -> None:
    record("ntire2022", paper_tables("ntire2022", [counted(write, params_ntire2022=317218.0)], "table1"))
    record("ntire2022", paper_tables("ntire2022", [counted(write, n_conv=39.0)], "table1"))
    assert read_recorded("ntire2022") == {PARAMS: Verdict.REPRODUCED, CONVS: Verdict.REPRODUCED}
    assert layout.recorded_verdicts("ntire2022").read_text() == (
        "table,row,column,verdict\n"
        "table1,rlfn_team04,n_conv,reproduced\n"
        "table1,rlfn_team04,params,reproduced\n"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("table,row,verdict\n", "recorded/ntire2022.csv: its columns must be table, row, column, verdict"),
        ("table,row,column,verdict\na,b,c,reproducd\n", "line 2: unknown verdict 'reproducd': did you mean 'reprodu"),
        ("table,row,column,verdict\n\na,b,reproduced\n", "ntire2022.csv, line 3: 4 fields expected, 3 found"),
        ("table,row,column,verdict\na,b,c,d,reproduced\n", "ntire2022.csv, line 2: 4 fields expected, 5 found"),
    ],
)
def test_a_wrong_record_is_one_clear_line(project: Path, text: str, message: str) -> None:
    path = layout.recorded_verdicts("ntire2022")
    path.parent.mkdir(parents=True)
    path.write_text(text)
    with pytest.raises(ResoluteError, match=message):
        read_recorded("ntire2022")


@pytest.mark.usefixtures("project")
def test_blank_lines_of_a_record_mean_nothing() -> None:
    path = layout.recorded_verdicts("ntire2022")
    path.parent.mkdir(parents=True)
    path.write_text("table,row,column,verdict\n\ntable1,rlfn_team04,params,reproduced\n  \n")
    assert read_recorded("ntire2022") == {PARAMS: Verdict.REPRODUCED}


@pytest.mark.usefixtures("project")
def test_unknown_papers_and_tables_name_the_nearest() -> None:
    with pytest.raises(ResoluteError, match="unknown paper 'ntire20222': did you mean 'ntire2022'"):
        paper_tables("ntire20222", [])
    with pytest.raises(ResoluteError, match="no table 'table_1' with verdicts: did you mean 'table1'"):
        paper_tables("ntire2022", [], "table_1")
    with pytest.raises(ResoluteError, match="unknown paper '\\*'"):
        paper_tables("*", [])

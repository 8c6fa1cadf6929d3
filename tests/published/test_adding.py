"""A printed table, typed as it is, becomes one that every run judges."""

import filecmp
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from resolute.cli import app
from resolute.published import read_spec
from resolute.published.verdict import Verdict
from resolute.tables import paper_tables

SEEMORE = Path(__file__).parents[2] / "data/published/seemore/table1_x4"
PRINTED = """method,label,params K,macs G,set5 psnr,set5 ssim,b100 psnr
rlfn_team04,RLFN,317,19.6,32.09,0.8938,-
my_net,Mine,300,18,32.20,0.8950,27.61
bicubic,,-,-,28.42,0.8104,25.96
"""
FACTS = ("--citation", "Mine, Table 1", "--year", "2026", "--lr-size", "320x180")
Add = Callable[..., Result]


@pytest.fixture
def add(checkout: Path) -> Add:
    def call(printed: str = PRINTED, *words: str, paper: str = "mine") -> Result:
        Path("printed.csv").write_text(printed)
        return CliRunner().invoke(app, ["paper", "add", paper, "printed.csv", *FACTS, *words])

    return call


def test_a_table_is_there_and_is_judged(add: Add) -> None:
    said = add().output
    assert "mine, table1: 12 figures, 0 known errors\n  no method here is called my_net" in said
    (table,) = paper_tables("mine", [])
    assert [column.digits for column in table.spec.columns] == [0, 1, 2, 4, 2]
    entries = {(one.row.spec.method, one.column.key): one for one in table.entries()}
    assert entries["rlfn_team04", "set5_psnr"].cell.paper == 32.09
    assert entries["rlfn_team04", "b100_psnr"].cell.paper is None
    assert entries["my_net", "params"].cell.judgement.verdict == Verdict.CANNOT_BE_MEASURED  # type: ignore[union-attr]
    assert [row.spec.labels for _, rows in table.groups for row in rows] == [("RLFN",), ("Mine",), ("Bicubic",)]


def test_seemores_table_typed_as_printed_gives_the_figures_that_are_here(add: Add) -> None:
    """The files that were made by hand, from what this makes of the same table."""
    ours = pd.read_csv(SEEMORE.with_suffix(".csv"), dtype=str).fillna("")
    spec = read_spec(SEEMORE.with_suffix(".yaml"))
    costs = {"params": "params K", "macs": "macs G"}
    lines = [["method"]]
    for column in spec.columns:
        wanted = column.match
        lines[0].append(costs.get(column.key) or f"{wanted['dataset']} {wanted['metric']}")
    for row in (row for group in spec.groups for row in group.rows):
        own = ours[ours["method"] == row.method].set_index(["dataset", "metric"])["value"]
        keys = [(column.match.get("dataset", ""), column.match["metric"]) for column in spec.columns]
        lines.append([row.method, *(own.get(key, "") for key in keys)])
    assert add("\n".join(map(",".join, lines)), paper="again").exit_code == 0
    made = pd.read_csv("data/published/again/table1.csv", dtype=str).fillna("")
    kept = ["method", "dataset", "scale", "protocol", "lr_size", "metric", "value", "unit"]
    order = kept[:-2]
    pd.testing.assert_frame_equal(
        made[kept].sort_values(order, ignore_index=True), ours[kept].sort_values(order, ignore_index=True)
    )


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("set5 psnr", "set7 psnr", "column 'set7 psnr': unknown data set 'set7': did you mean 'set5'?"),
        ("macs G", "speed", "column 'speed': nothing is called so"),
        ("macs G", "macs GB", "unknown unit 'GB'"),
        ("32.09", "32.09*", "line 2, set5_psnr: '32.09*' is no number"),
        ("my_net", "My Net", "line 3: 'My Net' is no name of a method"),
        ("300,18,", "300,", "line 3: 7 fields expected"),
        ("method,", "network,", "the first column must be 'method'"),
        ("set5 ssim", "set5 psnr", "two columns have one name"),
    ],
)
def test_what_means_nothing_is_one_line_and_leaves_nothing(add: Add, old: str, new: str, message: str) -> None:
    done = add(PRINTED.replace(old, new))
    assert done.exit_code == 1 and message in done.output and done.output.count("\n") == 1
    assert not Path("data/published/mine").exists()


def test_wrong_options(add: Add) -> None:
    for words, message in (
        (("--protocol", "y_basicrs"), "did you mean 'y_basicsr'"),
        (("--flops", "flops"), "unknown counter 'flops'"),
        (("--lr-size", ""), "column 'macs G': counts depend on the LR image: give --lr-size"),
        (("--table", "Table 1"), "'Table 1' is no name"),
    ):
        assert message in add(PRINTED, *words).output
    assert "'../mine' is no name" in add(paper="../mine").output
    assert not Path("data/published/mine").exists()


def test_a_table_that_is_there_stays(add: Add, checkout: Path) -> None:
    assert add(paper="seemore").exit_code == 0  # a further table of a paper, beside its own errata
    assert "data/published/seemore/table1.csv is there already" in add(paper="seemore").output
    assert filecmp.cmp("data/published/seemore/errata.csv", SEEMORE.with_name("errata.csv"), shallow=False)


def test_a_check_names_what_does_not_hold(add: Add) -> None:
    add()
    errata = Path("data/published/mine/errata.csv")
    errata.write_text(errata.read_text() + "error,table1,bicubic,set5_psnr,99.00,28.42,none,\n")
    done = CliRunner().invoke(app, ["paper", "check", "mine"])
    assert done.exit_code == 1 and "table1 does not print 99.00 as set5_psnr of bicubic" in done.output

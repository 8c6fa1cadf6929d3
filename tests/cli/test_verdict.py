"""`resolute verdict` as a person reads it and as CI uses it."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner, Result

from resolute import measurements
from resolute.cli import app, listing
from resolute.core import layout
from resolute.core.errors import UsageError
from resolute.published import ranking_files
from resolute.tables import paper_tables

COUNTS = {"params_ntire2022": 317218.0, "flops": 19695306752.0, "activations": 80045184.0, "n_conv": 39.0}


def verdict(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["verdict", *arguments])


def measure(**counts: float) -> None:
    """What `profile` keeps of RLFN, as the params call for."""
    common = {"source": "measured", "method": "rlfn_team04", "scale": 4.0, "lr_size": "256x256"}
    rows: list[dict[str, Any]] = [
        {**common, "metric": metric, "value": value, "protocol": "flops_ntire2022" if metric == "flops" else ""}
        for metric, value in counts.items()
    ]
    measurements.write(layout.cost("rlfn_team04", 4), rows)


@pytest.fixture
def run(checkout: Path) -> Path:
    """A checkout whose params count one network and nothing else."""
    params = yaml.safe_load((checkout / "params.yaml").read_text())
    params["methods"] = {"published": [], "trained": [], "counted": ["rlfn_team04"], "timed": []}
    params["figures"] |= {"comparisons": {}, "settings": {}, "gains": {}}
    (checkout / "params.yaml").write_text(yaml.safe_dump(params))
    measure(**COUNTS)
    return checkout


def test_the_terminal_shows_what_the_report_shows(run: Path) -> None:
    done = verdict("ntire2022", "--table", "table1")
    assert done.exit_code == 0, done.stderr
    lines = [line.split() for line in done.stdout.splitlines()]
    assert ["rlfn_team04", "FLOPs", "(G)", "19.70", "19.70", "reproduced"] in lines
    assert "4 reproduced, 67 cannot be measured, 289 not run" in done.stdout
    assert "official_code" not in done.stdout
    assert len(verdict("ntire2022", "--table", "table1", "--all").stdout.splitlines()) > 45 * 8


def test_papers_are_listed_by_the_tables_that_it_takes(checkout: Path) -> None:
    listed = listing.papers()
    assert ("ntire2022", "table1") in {(row["paper"], row["table"]) for row in listed}
    for row in listed:
        (table,) = paper_tables(row["paper"], [], row["table"])
        assert table.spec.title == row["title"]
    for path in ranking_files():
        with pytest.raises(UsageError, match=f"no table '{path.stem}' with verdicts"):
            paper_tables(path.parent.name, [], path.stem)


def test_what_does_not_simply_hold_has_its_reason_in_the_terminal(run: Path) -> None:
    errata = run / "data/published/ntire2022/errata.csv"
    errata.write_text(
        f"{errata.read_text()}error,table1,rlfn_team04,n_conv,39,40,one layer is counted twice,count it\n"
    )
    rows = [
        {"metric": "n_conv", "value": 40.0, "protocol": ""},
        {"metric": "flops", "value": 2e9, "protocol": "flops_ntire2022"},
        {"metric": "latency", "value": 27.0, "unit": "ms", "device": "A CPU"},
    ]
    common = {"source": "measured", "method": "rlfn_team04", "scale": 4.0, "lr_size": "256x256"}
    measurements.write(layout.cost("rlfn_team04", 4), [{**common, **row} for row in rows])
    lines = verdict("ntire2022", "--table", "table1").stdout.splitlines()
    assert "explained: rlfn_team04 Convs: one layer is counted twice" in lines
    assert "differs: rlfn_team04 FLOPs: not equal at the printed digits" in lines
    assert "not comparable: rlfn_team04 Time: another device: A CPU" in lines


def test_outputs_of_the_official_code_are_not_called_published(run: Path) -> None:
    facts = {"source": "measured", "method": "rlfn_team04", "weights": "published-ntire2022", "scale": 4.0}
    psnr = {"dataset": "set5", "protocol": "y_basicsr", "metric": "psnr", "unit": "dB", "image": "a", "value": 32.0983}
    rows = [{**facts, **psnr}, {**facts, **psnr, "protocol": "ntire2022", "value": 20.0}]
    measurements.write(layout.cost("rlfn_team04", 4), rows)
    done = verdict("ntire2022", "--table", "official_code")
    counts = "1 of 2 outputs of the official code are equal (1 reproduced, 1 differs, 455 not run)"
    assert counts in done.stdout.splitlines()
    cells = json.loads(verdict("ntire2022", "--json").stdout)["cells"]
    assert {(cell["table"], cell["kind"]) for cell in cells} == {
        ("table1", "published"),
        ("official_code", "official_outputs"),
    }


def test_json_is_one_object(run: Path) -> None:
    found = json.loads(verdict("ntire2022", "--json").stdout)
    assert (found["paper"], found["holds"], found["problems"]) == ("ntire2022", True, [])
    assert found["counts"]["table1"]["reproduced"] == 4
    assert {cell["column"] for cell in found["cells"] if cell["verdict"] == "reproduced"} == {
        "params",
        "flops",
        "activations",
        "n_conv",
    }


def test_ci_can_guard_a_reproduction(run: Path) -> None:
    assert verdict("ntire2022", "--record").exit_code == 0
    assert verdict("ntire2022", "--complete").exit_code == 0
    measure(**{**COUNTS, "params_ntire2022": 318000.0})
    done = verdict("ntire2022")
    assert done.exit_code == 1
    assert "table1, rlfn_team04, params: recorded as reproduced, now differs" in done.stdout
    found = json.loads(verdict("ntire2022", "--json").stdout)
    assert found["holds"] is False
    assert [problem.partition(",")[0] for problem in found["problems"]] == ["official_code", "table1"]
    assert verdict("seemore").exit_code == 0


def test_a_cell_that_is_not_measured_fails_only_where_all_is_asked_for(run: Path) -> None:
    assert verdict("ntire2022", "--record").exit_code == 0
    known = layout.recorded_verdicts("ntire2022")
    known.write_text(f"{known.read_text()}official_code,rlfn_team04,set5_y_psnr,reproduced\n")
    done = verdict("ntire2022")
    assert done.exit_code == 0
    assert "what is recorded holds: 8 cells, all that this run measures" in done.stdout
    assert "1 recorded cells are not measured in this run" in done.stdout
    done = verdict("ntire2022", "--complete")
    assert done.exit_code == 1
    assert "1 recorded cells are not measured in this run" in done.stdout
    assert "do not hold" not in done.stdout
    assert json.loads(verdict("ntire2022", "--complete", "--json").stdout)["holds"] is False
    assert verdict("ntire2022", "--table", "table1", "--complete").exit_code == 0


@pytest.mark.parametrize(("table", "what"), [((), "ntire2022"), (("--table", "table1"), "table1")])
def test_without_a_record_there_is_nothing_to_be_complete(run: Path, table: tuple[str, ...], what: str) -> None:
    done = verdict("ntire2022", *table, "--complete")
    message = f"nothing is recorded of {what}: `resolute verdict ntire2022 --record` does it"
    assert (done.exit_code, done.stderr) == (2, f"resolute: {message}\n")


def test_a_new_difference_fails_before_anything_is_recorded(run: Path) -> None:
    measure(**{**COUNTS, "n_conv": 40.0})
    done = verdict("ntire2022")
    assert done.exit_code == 1
    assert "table1, rlfn_team04, n_conv: differs, which is not recorded" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nitre2022",), "unknown paper 'nitre2022': did you mean 'ntire2022'?"),
        (("ntire2022", "--table", "tabel1"), "ntire2022 has no table 'tabel1' with verdicts: did you mean 'table1'?"),
    ],
)
def test_unknown_names_are_one_line(run: Path, arguments: tuple[str, ...], message: str) -> None:
    done = verdict(*arguments)
    assert (done.exit_code, done.stdout, done.stderr) == (2, "", f"resolute: {message}\n")
